# Tables on LMDB and the hub's journal on top of them. Only lmdb_store.cpp sees LMDB.
orderhub_library(
  orderhub_journal_store
  SOURCES key.cpp log_row.cpp record_refs.cpp hub_journal.cpp lmdb_store.cpp dump.cpp verify.cpp tool.cpp
  DEPS orderhub_journal
  PRIVATE_DEPS lmdb::lmdb nlohmann_json::nlohmann_json)
