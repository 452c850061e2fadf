// The one translation unit that holds the bodies of Asio and Beast; see ORDERHUB's target
// `orderhub_beast`, which defines separate compilation for everyone else.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
