#include "journal/inspect/dump.hpp"

#include "journal/answer_index.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "journal/key.hpp"
#include "journal/listing_rows.hpp"
#include "journal/log_row.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/record.hpp"
#include "journal/replay.hpp"
#include "journal/restored.hpp"

#include <functional>
#include <ostream>
#include <string>

#include <nlohmann/json.hpp>

namespace orderhub::journal {

namespace {

using json = nlohmann::ordered_json;

class printer {
public:
  printer(std::ostream& out, const dump_options& options) : out_(out), options_(options) {}

  void line(const json& j) {
    out_ << j.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  }

  void row(table t, std::string_view key, std::string_view value) {
    if (t == table::lg)
      return log_row(key, value);
    json j;
    j["table"] = journal::name_of(t);
    switch (t) {
    case table::lg:
      return; // Above.
    case table::ob:
      object(j, key, value);
      break;
    case table::iv:
      invocation(j, value);
      break;
    case table::tm:
      timer(j, key, value);
      break;
    case table::dd:
      request(j, key, value);
      break;
    case table::ix:
      index(j, key, value);
      break;
    case table::mt:
      meta(j, key, value);
      break;
    case table::sa:
      aside(j, key, value);
      break;
    case table::rf:
      found_by(j, key, value);
      break;
    case table::ls:
      listed(j, key, value);
      break;
    }
    if (concerns(j))
      line(j);
  }

private:
  [[nodiscard]] bool concerns(const json& j) const {
    return options_.object.empty() || j.value("object", "") == options_.object ||
           j.value("target", "") == options_.object;
  }

  /// The bytes where they were asked for, or their size.
  void body(json& j, const std::string& name, std::string_view bytes) {
    if (!options_.bodies)
      j[name + "_size"] = bytes.size();
    else if (is_utf8(bytes))
      j[name] = std::string(bytes);
    else
      j[name + "_base64url"] = base64url(bytes);
  }

  void encoded_result(json& j, std::string_view bytes) {
    auto decoded = decode_result(bytes);
    if (!decoded) {
      j["damaged"] = decoded.error().message;
    } else if (*decoded) {
      body(j, "value", **decoded);
    } else {
      const auto& e = decoded->error();
      j["failure"] = orderhub::name_of(e.kind);
      j["where"] = e.where;
      if (e.status != 0)
        j["status"] = e.status;
      body(j, "message", e.message);
    }
  }

  static void answer(json& j, const vendor_answer& a) {
    j["http"] = a.status;
    j["took_ms"] = a.took_ms;
    j["answer_size"] = a.body_size;
    if (!a.request_id.empty())
      j["vendor_request_id"] = a.request_id;
    j["answer_sha256"] = hex_of(a.body_hash);
  }

  void answer_note(json& j, std::string_view bytes) {
    auto n = decode_answer_note(bytes);
    if (!n) {
      j["damaged"] = n.error().message;
      return;
    }
    answer(j, n->answer);
    j["lookup"] = n->is_lookup;
    j["class"] = n->kind;
    j["rule"] = n->rule;
    body(j, "excerpt", n->excerpt);
  }

  void input(json& j, const input_payload& p) {
    j["handler"] = p.handler;
    j["revision"] = p.revision;
    j["shared"] = p.shared;
    if (p.ephemeral)
      j["ephemeral"] = true;
    if (p.due_at != 0)
      j["due_at"] = p.due_at;
    if (p.key)
      j["request_key_expires_at"] = p.key->expires_at;
    if (p.caller) {
      j["caller"] = p.caller->object.text();
      j["caller_invocation"] = p.caller->invocation.text();
    }
    body(j, "body", p.body);
  }

  /// What a payload says, by kind.
  void payload(json& j, record_kind kind, std::string_view bytes) {
    auto unreadable = [&](const error& e) { j["damaged"] = e.message; };
    switch (kind) {
    case record_kind::input: {
      auto p = decode_input(bytes);
      return p ? input(j, *p) : unreadable(p.error());
    }
    case record_kind::get:
    case record_kind::set:
    case record_kind::clear:
    case record_kind::merge: {
      auto p = decode_state(bytes);
      if (!p)
        return unreadable(p.error());
      j["name"] = p->name;
      if (p->value)
        body(j, "value", *p->value);
      return;
    }
    case record_kind::run: {
      auto p = decode_run(bytes);
      if (!p)
        return unreadable(p.error());
      j["name"] = p->name;
      return encoded_result(j, p->encoded_result);
    }
    case record_kind::effect: {
      auto p = decode_effect(bytes);
      if (!p)
        return unreadable(p.error());
      j["name"] = p->name;
      if (!p->attempt.empty())
        j["attempt"] = p->attempt;
      j["completion"] = p->completion;
      j["operation"] = p->operation;
      j["vendor"] = p->vendor;
      j["target"] = p->target;
      j["key"] = p->key;
      j["policy"] = p->policy;
      j["deadline_ms"] = p->deadline_ms;
      j["absence_after_ms"] = p->absence_after_ms;
      j["key_life_ms"] = p->key_life_ms;
      if (p->event_wait_ms != 0) {
        j["event_wait_ms"] = p->event_wait_ms;
        j["after_event"] = p->after_event;
      }
      j["method"] = p->method;
      body(j, "path", p->path);
      body(j, "headers", p->headers);
      return body(j, "body", p->body);
    }
    case record_kind::sleep:
    case record_kind::awakeable:
    case record_kind::await_event: {
      auto p = decode_wait(bytes);
      if (!p)
        return unreadable(p.error());
      j["completion"] = p->completion;
      if (p->due_at != 0)
        j["due_at"] = p->due_at;
      return;
    }
    case record_kind::call:
    case record_kind::send: {
      auto p = decode_call(bytes);
      if (!p)
        return unreadable(p.error());
      j["target"] = p->target.text();
      j["target_invocation"] = p->invocation.text();
      j["completion"] = p->completion;
      return input(j, p->input);
    }
    case record_kind::output: {
      auto p = decode_output(bytes);
      if (!p)
        return unreadable(p.error());
      if (p->caller)
        j["caller"] = p->caller->object.text();
      return encoded_result(j, p->encoded_result);
    }
    case record_kind::cancel_invocation: {
      auto p = decode_cancel(bytes);
      if (!p)
        return unreadable(p.error());
      j["target"] = p->target.text();
      j["target_invocation"] = p->invocation.text();
      return;
    }
    case record_kind::completion:
      encoded_result(j, bytes);
      if (auto a = decode_answer(bytes); a && *a)
        answer(j, **a);
      return;
    case record_kind::effect_note: {
      auto p = decode_note(bytes);
      if (!p)
        return unreadable(p.error());
      j["note"] = name_of(p->kind);
      j["attempt"] = p->attempt;
      j["at"] = p->at;
      j["sends"] = p->sends;
      if (p->left_at != 0)
        j["left_at"] = p->left_at;
      if (p->rounds != 0)
        j["rounds"] = p->rounds;
      if (p->tries != 0)
        j["tries"] = p->tries;
      if (p->status != 0) {
        j["status"] = p->status;
        j["status_since"] = p->status_since;
      }
      if (p->lookup_only)
        j["lookup_only"] = true;
      if (p->kind == note_kind::answered)
        return answer_note(j, p->text);
      return body(j, "text", p->text);
    }
    case record_kind::event: {
      auto p = decode_event(bytes);
      if (!p)
        return unreadable(p.error());
      j["event"] = p->name;
      auto& values = j["values"] = json::array();
      for (const auto& v : p->values) {
        json value{{"name", v.name}};
        if (v.value)
          body(value, "value", *v.value);
        values.push_back(std::move(value));
      }
      return;
    }
    case record_kind::operator_action: {
      auto p = decode_operator(bytes);
      if (!p)
        return unreadable(p.error());
      j["action"] = name_of(p->verb);
      if (!p->step.empty())
        j["step"] = p->step;
      j["who"] = p->who;
      j["via"] = p->via;
      body(j, "reason", p->reason);
      for (const auto& [name, value] :
           {std::pair("evidence", &p->evidence), std::pair("role", &p->role),
            std::pair("id", &p->id), std::pair("request", &p->request),
            std::pair("on_behalf", &p->on_behalf), std::pair("wanted", &p->wanted),
            std::pair("target", &p->target), std::pair("outcome", &p->outcome)})
        if (!value->empty())
          j[name] = *value;
      if (!p->value.empty())
        body(j, "value", p->value);
      return;
    }
    case record_kind::cancel:
      return;
    case record_kind::paused:
      return body(j, "text", bytes);
    }
  }

  /// A line for each record.
  void log_row(std::string_view key, std::string_view value) {
    auto print = [&](log_sequence lsn, const std::function<void(json&)>& fill) {
      json j;
      j["table"] = journal::name_of(table::lg);
      j["lsn"] = lsn;
      fill(j);
      if (lsn >= options_.from && concerns(j))
        line(j);
    };
    const auto first = parse_log_key(key).value_or(0);
    auto next = first;
    const auto boottime = boottime_of(first, value);
    auto walked = each_record(first, value, [&](log_sequence lsn, std::string_view bytes) {
      print(lsn, [&](json& j) {
        log_record(j, bytes);
        j["boottime_ms"] = *boottime; // `each_record` has read it.
      });
      next = lsn + 1;
      return result<void>();
    });
    if (!walked)
      print(next, [&](json& j) { j["damaged"] = walked.error().message; });
  }

  void log_record(json& j, std::string_view value) {
    auto r = decode_record(value);
    if (!r) {
      j["damaged"] = r.error().message;
      return;
    }
    j["kind"] = name_of(r->kind);
    j["at"] = r->time;
    j["object"] = r->object.text();
    j["invocation"] = r->invocation.text();
    j["index"] = r->index;
    j["size"] = value.size();
    payload(j, r->kind, r->payload);
  }

  json invocation_of(const invocation_state& i) {
    json j;
    j["invocation"] = i.id.text();
    j["accepted_at"] = i.accepted_at;
    if (!i.input.handler.empty())
      input(j, i.input);
    j["entries"] = json::array();
    for (const auto& e : i.entries) {
      json entry;
      entry["kind"] = name_of(e.kind);
      entry["at"] = e.time;
      entry["index"] = e.index;
      payload(entry, e.kind, e.payload);
      j["entries"].push_back(std::move(entry));
    }
    if (!i.paused_text.empty())
      body(j, "paused", i.paused_text);
    j["finished"] = i.finished;
    if (i.finished) {
      j["finished_at"] = i.finished_at;
      json output;
      encoded_result(output, i.output);
      j["output"] = std::move(output);
    }
    return j;
  }

  void object(json& j, std::string_view key, std::string_view value) {
    if (auto id = parse_object_key(key))
      j["object"] = id->text();
    auto state = decode_object(value);
    if (!state) {
      j["damaged"] = state.error().message;
      return;
    }
    j["folded_to"] = state->folded_to;
    j["last_time"] = state->last_time;
    j["size"] = value.size();
    json values = json::object();
    for (const auto& [name, bytes] : state->values) {
      json v;
      body(v, "value", bytes);
      values[name] = std::move(v);
    }
    j["values"] = std::move(values);
    j["paused_by_operator"] = state->paused_by_operator;
    if (!state->operators.empty()) {
      auto& actions = j["operators"] = json::array();
      for (const auto& o : state->operators) {
        json action{{"at", o.at}};
        if (o.invocation != invocation_id())
          action["invocation"] = o.invocation.text();
        payload(action, record_kind::operator_action, encode(o.action));
        actions.push_back(std::move(action));
      }
    }
    j["live"] = json::array();
    for (const auto& i : state->live)
      j["live"].push_back(invocation_of(i));
    j["undelivered"] = state->undelivered.size();
    if (state->ephemeral)
      j["ephemeral"] = true;
  }

  void invocation(json& j, std::string_view value) {
    auto row = decode_invocation_row(value);
    if (!row) {
      j["damaged"] = row.error().message;
      return;
    }
    j["object"] = row->object.text();
    j["size"] = value.size();
    j.update(invocation_of(row->invocation));
  }

  void found_by(json& j, std::string_view key, std::string_view value) {
    j["key"] = hex_of(key);
    auto found = decode_found_object(value);
    if (!found)
      j["damaged"] = found.error().message;
    else if (found->object)
      j["object"] = found->object->text();
    else
      j["created"] = found->created;
  }

  void listed(json& j, std::string_view key, std::string_view value) {
    if (const auto place = parse_listing_key(key)) {
      j["created"] = place->at;
      j["digest"] = hex_of(place->digest);
    }
    auto row = decode_listing_row(value);
    if (!row) {
      j["damaged"] = row.error().message;
      return;
    }
    j["object"] = row->object.text();
    body(j, "row", row->row);
  }

  void object_ref(json& j, std::string_view value) {
    if (auto id = decode_object_ref(value))
      j["object"] = id->text();
    else
      j["damaged"] = id.error().message;
  }

  void timer(json& j, std::string_view key, std::string_view value) {
    j["due_at"] = parse_timer_key(key).value_or(0);
    auto row = decode_timer_row(key, value);
    if (!row) {
      j["damaged"] = row.error().message;
      return;
    }
    j["recorded_at"] = row->recorded_at;
    j["object"] = row->object.text();
  }

  /// Of a mark the object and the reason; of what was damaged only where it was, and its bytes
  /// where bodies are wanted.
  void aside(json& j, std::string_view key, std::string_view value) {
    const auto parts = parse_aside_key(key);
    if (!parts) {
      j["damaged"] = "the key is that of nothing that is set aside";
      return;
    }
    switch (parts->prefix) {
    case aside_prefix::object: {
      j["what"] = "object";
      j["digest"] = hex_of(parts->digest);
      auto mark = decode_aside_mark(value);
      if (!mark) {
        j["damaged"] = mark.error().message;
        return;
      }
      j["object"] = mark->object.text();
      j["reason"] = mark->reason;
      return;
    }
    case aside_prefix::row:
      j["what"] = "row";
      j["digest"] = hex_of(parts->digest);
      return body(j, "bytes", value);
    case aside_prefix::record:
      j["what"] = "record";
      j["digest"] = hex_of(parts->digest);
      j["lsn"] = parts->lsn;
      return log_record(j, value);
    default:
      j["what"] = "row";
      j["of"] = std::string(parts->table);
      j["key"] = hex_of(parts->key);
      return body(j, "bytes", value);
    }
  }

  void request(json& j, std::string_view key, std::string_view value) {
    j["scope"] = hex_of(key);
    auto row = decode_request_row(value);
    if (!row) {
      j["damaged"] = row.error().message;
      return;
    }
    j["invocation"] = row->invocation.text();
    j["expires_at"] = row->expires_at;
  }

  void index(json& j, std::string_view key, std::string_view value) {
    if (auto e = parse_expiry_key(key)) {
      j["index"] = "expiry";
      j["expires_at"] = e->expires_at;
      j["scope"] = hex_of(request_row_key(e->scope));
    } else if (auto place = parse_mark_key(key)) {
      j["index"] = "mark";
      j["mark"] = place->name;
      j["since"] = place->since;
      object_ref(j, value);
    } else if (auto begin = invocation_begin_in(key)) {
      j["index"] = "invocation";
      j["key"] = hex_of(key);
    } else if (auto number = parse_answer_row_key(key)) {
      j["index"] = "answer";
      j["number"] = *number;
      if (const auto row = decode_answer_row(value)) {
        j["newest"] = row->newest;
        j["ids"] = row->places.size();
      } else {
        j["damaged"] = row.error().message;
      }
    } else if (auto done = parse_action_key(key)) {
      j["index"] = "action";
      j["at"] = done->time;
      j["lsn"] = done->lsn;
      if (auto r = decode_record(value)) {
        j["object"] = r->object.text();
        payload(j, record_kind::operator_action, r->payload);
      } else {
        j["damaged"] = r.error().message;
      }
    } else {
      j["index"] = "active";
      object_ref(j, value);
    }
  }

  void meta(json& j, std::string_view key, std::string_view value) {
    j["key"] = std::string(key);
    if (key == meta_key::format) {
      if (auto v = decode_format(value))
        j["version"] = *v;
    } else if (key == meta_key::checkpoint) {
      if (auto v = decode_checkpoint(value)) {
        j["lsn"] = v->lsn;
        j["last_time"] = v->last_time;
        j["boottime_ms"] = v->boottime_ms;
      }
    } else if (key == meta_key::boot) {
      if (auto v = decode_boot(value))
        j["boot"] = *v;
    } else if (key == meta_key::copied) {
      if (auto v = decode_copy_mark(value)) {
        j["made_at"] = v->made_at;
        j["last_lsn"] = v->last_lsn;
      }
    } else if (key == meta_key::restored) {
      if (auto all = decode_restorations(value))
        for (const auto& v : *all)
          j["from"].push_back({{"made_at", v.copy.made_at},
                               {"last_lsn", v.copy.last_lsn},
                               {"started_at", v.started_at}});
    } else if (key == meta_key::listing) {
      if (auto v = decode_listing_state(value)) {
        j["form"] = v->form;
        j["step"] = static_cast<int>(v->step);
        j["seen"] = v->seen;
        j["counts"] = v->counts;
      }
    } else if (key == meta_key::hub) {
      if (auto v = decode_hub(value))
        j["hub"] = hex_of(*v);
    } else if (key == meta_key::log) {
      if (auto v = decode_log_id(value))
        j["log"] = hex_of(*v);
    } else {
      j["size"] = value.size();
    }
  }

  std::ostream& out_;
  const dump_options& options_;
};

} // namespace

std::optional<table> table_named(std::string_view name) {
  for (std::size_t i = 0; i < table_count; ++i)
    if (name_of(static_cast<table>(i)) == name)
      return static_cast<table>(i);
  return std::nullopt;
}

result<void> dump(const reader& tables, std::ostream& out, const dump_options& options) {
  printer p(out, options);
  constexpr table order[] = {table::mt, table::lg, table::ob, table::iv, table::tm,
                             table::rf, table::dd, table::ix, table::sa, table::ls};
  for (const auto t : order) {
    if (options.only && *options.only != t)
      continue;
    auto done = tables.scan(t, {}, [&](auto key, auto value) {
      p.row(t, key, value);
      return static_cast<bool>(out);
    });
    if (!done)
      return done;
  }
  return {};
}

} // namespace orderhub::journal
