// The texts of mails: the built-in templates, a shop's in their places, and what is refused.
#include "actors/handlers/notifications/mail_templates.hpp"
#include "actors/handlers/notifications/notification_texts.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <vector>

namespace orderhub::handlers {
namespace {

notification about(notification_kind kind) {
  notification n;
  n.kind = kind;
  n.name = "Ada <b>Lovelace</b> & \"Sons\"";
  n.total = {4'250, "eur"};
  return n;
}

constexpr notification_kind mailed[] = {
    notification_kind::confirmed,    notification_kind::tracking,  notification_kind::shipped,
    notification_kind::delivered,    notification_kind::cancelled, notification_kind::refunded,
    notification_kind::refund_failed};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string refusal_of(const std::string& name, const std::string& bytes) {
  const auto made = mail_templates::with({{name, bytes}});
  return made ? std::string() : made.error().message;
}

} // namespace

TEST_CASE("each mail has a subject, a text and HTML, whatever is known", "[mails]") {
  const auto templates = mail_templates::built_in();
  for (const auto kind : mailed)
    for (const bool is_known : {false, true})
      for (const auto news : {refund_news::none, refund_news::on_its_way,
                              refund_news::part_given_back, refund_news::given_back}) {
        CAPTURE(static_cast<int>(kind), is_known, static_cast<int>(news));
        auto n = about(kind);
        n.news = news;
        if (is_known) {
          n.tracking_number = "9400";
          n.tracking_url = "https://carrier.example/?a=1&b='2'";
          n.refunded = {1'000, "eur"};
          n.is_cancelled = true;
        }
        const auto words = mail_about("ord-1", n, *templates);
        CHECK(has(words.subject, "ord-1"));
        CHECK_FALSE(has(words.subject, "\n"));
        CHECK(has(words.text, "Hello Ada <b>Lovelace</b> & \"Sons\",\n"));
        CHECK(has(words.text, "ord-1"));
        CHECK(has(words.html, "Ada &lt;b&gt;Lovelace&lt;/b&gt; &amp; &quot;Sons&quot;"));
        CHECK_FALSE(has(words.html, "<b>"));
        for (const auto& part : {words.subject, words.text, words.html}) {
          CHECK_FALSE(has(part, "{{"));
          CHECK_FALSE(has(part, "}}"));
        }
        if (is_known && kind == notification_kind::confirmed)
          CHECK(has(words.html, "https://carrier.example/?a=1&amp;b=&#39;2&#39;"));
      }
}

TEST_CASE("a mail says of the money what is true", "[mails]") {
  const auto templates = mail_templates::built_in();
  const auto text_of = [&](notification_kind kind, refund_news news, bool cancelled) {
    auto n = about(kind);
    n.news = news;
    n.is_cancelled = cancelled;
    n.refunded = {1'250, "eur"};
    return mail_about("1", n, *templates).text;
  };
  const auto none = text_of(notification_kind::cancelled, refund_news::none, true);
  CHECK(has(none, "your order 1 was cancelled."));
  CHECK_FALSE(has(none, "paid"));
  CHECK(has(text_of(notification_kind::cancelled, refund_news::on_its_way, true),
            "was cancelled. What you paid is on its way back to you.\n"));
  const auto part = text_of(notification_kind::refunded, refund_news::part_given_back, false);
  CAPTURE(part);
  CHECK(has(part, "A part of what you paid was given back.\n"));
  CHECK(has(part, "This refund is 12.50 EUR (€12.50).\n"));
  CHECK_FALSE(has(part, "cancelled"));
  const auto whole = text_of(notification_kind::refunded, refund_news::given_back, true);
  CAPTURE(whole);
  CHECK(has(whole, "your order 1 was cancelled.\n"));
  CHECK(has(whole, "What you paid was given back.\n"));
  CHECK_FALSE(
      has(text_of(notification_kind::refund_failed, refund_news::failed, false), "was given back"));
}

TEST_CASE("a shop's template takes the place of one and leaves the others", "[mails]") {
  const auto mine =
      mail_templates::with({{"delivered.subject", "\xef\xbb\xbfIhr {{orderId}} ist da\r\n"},
                            {"delivered.html", "<p>{{name}}: {{orderId}}</p>"}});
  REQUIRE(mine);
  const auto words = mail_about("1", about(notification_kind::delivered), **mine);
  CHECK(words.subject == "Ihr 1 ist da");
  CHECK(words.html == "<p>Ada &lt;b&gt;Lovelace&lt;/b&gt; &amp; &quot;Sons&quot;: 1</p>");
  CHECK(words.text ==
        mail_about("1", about(notification_kind::delivered), *mail_templates::built_in()).text);
  const auto other = mail_about("1", about(notification_kind::shipped), **mine);
  CHECK(other.subject == "Order 1 is on its way");
}

TEST_CASE("what may show nothing is the built-in part then", "[mails]") {
  const auto mine = mail_templates::with(
      {{"confirmation.subject", "{{#trackingNumber}}With a number{{/trackingNumber}}"}});
  REQUIRE(mine);
  auto n = about(notification_kind::confirmed);
  CHECK(mail_about("1", n, **mine).subject == "Order 1 is confirmed");
  n.tracking_number = "9400";
  CHECK(mail_about("1", n, **mine).subject == "With a number");
}

TEST_CASE("a broken template is refused with what is wrong with it", "[mails]") {
  CHECK(
      refusal_of("confrimation.html", "<p>x</p>").starts_with("confrimation.html is no template"));
  CHECK(refusal_of("confirmation.html", "<p>{{#name}}</p>") ==
        "confirmation.html is no template: Unclosed section \"name\" at 3");
  CHECK(refusal_of("confirmation.html", "<p>{{name</p>") ==
        "confirmation.html is no template: Unclosed tag at 3");
  CHECK(refusal_of("confirmation.html", "{{/name}}") ==
        "confirmation.html is no template: Unopened section \"name\" at 0");
  CHECK(refusal_of("confirmation.txt", "{{nmae}}")
            .starts_with("confirmation.txt uses {{nmae}}, which "
                         "is not known; known are orderId, name, "));
  CHECK(
      refusal_of("confirmation.txt", "{{amount}}").starts_with("confirmation.txt uses {{amount}}"));
  CHECK(refusal_of("confirmation.txt", "{{order.id}}")
            .starts_with("confirmation.txt uses {{order.id}}"));
  CHECK(refusal_of("confirmation.txt", "{{.}}").starts_with("confirmation.txt uses {{.}}"));
  CHECK(refusal_of("confirmation.txt", "{{}}").starts_with("confirmation.txt uses {{}}"));
  CHECK(refusal_of("confirmation.txt", "{{> footer}}") ==
        "confirmation.txt has a partial, {{>footer}}; there are none");
  CHECK(refusal_of("refund.txt", "{{isCancelled}}") ==
        "refund.txt shows {{isCancelled}}, which has no text; it opens sections, {{#isCancelled}}");
  for (const char* raw : {"{{{name}}}", "{{&name}}", "{{=<% %>=}}<%& name %>"})
    CHECK(refusal_of("confirmation.html", raw) ==
          "confirmation.html shows {{name}} as it came; in HTML every text is escaped: use two "
          "braces and no &");
  CHECK(refusal_of("confirmation.txt", "{{{name}}}").empty());
  CHECK(refusal_of("confirmation.txt", " \n\t") == "confirmation.txt shows nothing");
  CHECK(refusal_of("confirmation.txt", "") == "confirmation.txt shows nothing");
  CHECK(refusal_of("confirmation.txt", "a\xff") == "confirmation.txt is not UTF-8");
  CHECK(refusal_of("confirmation.txt", std::string("a\0b", 3)) ==
        "confirmation.txt has a control character");
  CHECK(refusal_of("confirmation.txt", std::string(template_size_max + 1, 'a')) ==
        "confirmation.txt is larger than 65536 bytes");
  CHECK(refusal_of("confirmation.txt", std::string(template_size_max, 'a')).empty());
  CHECK(refusal_of("confirmation.subject", "a\nb") ==
        "confirmation.subject has several lines; a subject is one");
}

TEST_CASE("what is wrong is found in whatever sections it stands", "[mails]") {
  for (const char* text :
       {"{{#trackingNumber}}{{x}}{{/trackingNumber}}",
        "{{^trackingNumber}}{{x}}{{/trackingNumber}}",
        "{{#trackingNumber}}{{^trackingUrl}}{{x}}{{/trackingUrl}}{{/trackingNumber}}",
        "{{^trackingNumber}}{{#trackingUrl}}{{x}}{{/trackingUrl}}{{/trackingNumber}}"}) {
    CAPTURE(text);
    CHECK(refusal_of("shipped.txt", text).starts_with("shipped.txt uses {{x}}"));
  }
  CHECK(has(refusal_of("cancelled.html",
                       "{{#refundPart}}{{^refundWhole}}{{#refundOnItsWay}}{{{name}}}"
                       "{{/refundOnItsWay}}{{/refundWhole}}{{/refundPart}}"),
            "as it came"));
}

TEST_CASE("what a template's text holds is not taken for a tag", "[mails]") {
  auto n = about(notification_kind::confirmed);
  n.name = "{{orderId}} {{{x}}} {{#y}}";
  const auto words = mail_about("1", n, *mail_templates::built_in());
  CHECK(has(words.text, "Hello {{orderId}} {{{x}}} {{#y}},"));
  CHECK(has(words.html, "Hello {{orderId}} {{{x}}} {{#y}},"));
}

TEST_CASE("every variable is one of some mail, and no mail has one twice", "[mails]") {
  for (std::size_t kind = 0; kind < mail_kind_count; ++kind) {
    std::vector<std::string_view> names;
    for (const auto& v : mail_variables())
      if ((v.mails >> kind & 1U) != 0) {
        for (const auto known : names)
          CHECK(known != v.name);
        names.push_back(v.name);
      }
    CHECK(names.size() >= 3);
  }
}

} // namespace orderhub::handlers
