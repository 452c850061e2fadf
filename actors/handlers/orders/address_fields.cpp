#include "actors/handlers/orders/address_fields.hpp"

#include <algorithm>
#include <array>

namespace orderhub::handlers {

namespace {

constexpr std::array fields = {
    // A person's come first.
    field_alias{"name", "name"},
    field_alias{"fullname", "name"},
    field_alias{"recipient", "name"},
    field_alias{"recipientname", "name"},
    field_alias{"contactname", "name"},
    field_alias{"firstname", "first_name"},
    field_alias{"givenname", "first_name"},
    field_alias{"lastname", "last_name"},
    field_alias{"surname", "last_name"},
    field_alias{"familyname", "last_name"},
    field_alias{"company", "company"},
    field_alias{"companyname", "company"},
    field_alias{"organization", "company"},
    field_alias{"organisation", "company"},
    field_alias{"businessname", "company"},
    field_alias{"phone", "phone"},
    field_alias{"phonenumber", "phone"},
    field_alias{"telephone", "phone"},
    field_alias{"telephonenumber", "phone"},
    field_alias{"tel", "phone"},
    field_alias{"mobile", "phone"},
    field_alias{"mobilephone", "phone"},
    field_alias{"mobilenumber", "phone"},
    field_alias{"email", "email"},
    field_alias{"emailaddress", "email"},
    field_alias{"mail", "email"},
    // The place's.
    field_alias{"street", "street"},
    field_alias{"street1", "street"},
    field_alias{"streetaddress", "street"},
    field_alias{"streetaddress1", "street"},
    field_alias{"streetline1", "street"},
    field_alias{"streetname", "street"},
    field_alias{"address", "street"},
    field_alias{"address1", "street"},
    field_alias{"addressline", "street"},
    field_alias{"addressline1", "street"},
    field_alias{"line1", "street"},
    field_alias{"street2", "street2"},
    field_alias{"streetaddress2", "street2"},
    field_alias{"streetline2", "street2"},
    field_alias{"address2", "street2"},
    field_alias{"addressline2", "street2"},
    field_alias{"line2", "street2"},
    field_alias{"street3", "street3"},
    field_alias{"streetaddress3", "street3"},
    field_alias{"streetline3", "street3"},
    field_alias{"address3", "street3"},
    field_alias{"addressline3", "street3"},
    field_alias{"line3", "street3"},
    field_alias{"city", "city"},
    field_alias{"cityname", "city"},
    field_alias{"town", "city"},
    field_alias{"village", "city"},
    field_alias{"locality", "city"},
    field_alias{"state", "state"},
    field_alias{"statecode", "state"},
    field_alias{"stateorprovince", "state"},
    field_alias{"stateprovince", "state"},
    field_alias{"province", "state"},
    field_alias{"provincecode", "state"},
    field_alias{"region", "state"},
    field_alias{"regioncode", "state"},
    field_alias{"county", "state"},
    field_alias{"prefecture", "state"},
    field_alias{"emirate", "state"},
    field_alias{"administrativearea", "state"},
    field_alias{"zip", "zip"},
    field_alias{"zipcode", "zip"},
    field_alias{"postalcode", "zip"},
    field_alias{"postcode", "zip"},
    field_alias{"postal", "zip"},
    field_alias{"pincode", "zip"},
    field_alias{"eircode", "zip"},
    field_alias{"plz", "zip"},
    field_alias{"cep", "zip"},
    field_alias{"country", "country"},
    field_alias{"countrycode", "country"},
    field_alias{"countryiso", "country"},
    field_alias{"countryiso2", "country"},
    // How it is carried, and checked.
    field_alias{"rate", "rate"},
    field_alias{"shippingrate", "rate"},
    field_alias{"validateaddress", "validate"},
};

constexpr std::array<std::string_view, 57> words = {
    "street",     "strasse",  "addr",      "city",        "town",       "village", "state",
    "province",   "region",   "county",    "zip",         "post",       "country", "house",
    "building",   "bldg",     "apartment", "apt",         "suite",      "unit",    "floor",
    "room",       "flat",     "door",      "entrance",    "staircase",  "block",   "tower",
    "district",   "suburb",   "borough",   "neighbor",    "neighbour",  "colonia", "quarter",
    "ward",       "locality", "estate",    "subdivision", "sector",     "parish",  "island",
    "landmark",   "pobox",    "mailbox",   "careof",      "attention",  "attn",    "middlename",
    "secondname", "name2",    "recipient", "company",     "department", "phone",   "mobile",
    "mail",
};

constexpr std::size_t person_count = 26;
static_assert(fields[person_count - 1].meaning == "email" &&
              fields[person_count].meaning == "street");

} // namespace

std::span<const field_alias> person_fields() {
  return std::span<const field_alias>(fields).first(person_count);
}

std::span<const field_alias> address_fields() {
  return fields;
}

bool is_street(std::string_view folded) {
  return std::any_of(fields.begin(), fields.end(), [&](const field_alias& f) {
    return f.spelled == folded && f.meaning.starts_with("street");
  });
}

bool is_part_of_address(std::string_view folded) {
  return folded == "co" || folded == "box" || folded == "fax" || folded.starts_with("line") ||
         std::any_of(words.begin(), words.end(), [&](std::string_view word) {
           return folded.find(word) != std::string_view::npos;
         });
}

} // namespace orderhub::handlers
