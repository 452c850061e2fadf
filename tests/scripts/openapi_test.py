#!/usr/bin/env python3
"""Every OpenAPI document here is one by the OpenAPI Initiative's own schema of its version, and whatever it
refers to is there. Of 3.1 its schemas are JSON Schema 2020-12 besides, and its examples are what they say. 77:
no python3-jsonschema here."""
import copy
import json
import pathlib
import sys

try:
    from jsonschema import Draft4Validator, Draft202012Validator
except ImportError:
    print("no python3-jsonschema that knows draft 2020-12: not checked")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ["http_gateway/admin/openapi.json", "providers/contracts/inventory.json",
             "providers/contracts/warehouse.json", "providers/contracts/carrier.json"]
SCHEMAS = ROOT / "tests/golden/openapi"
OAS = {"3.1": Draft202012Validator(json.loads((SCHEMAS / "oas-3.1.json").read_text("utf-8"))),
       "3.0": Draft4Validator(json.loads((SCHEMAS / "oas-3.0.json").read_text("utf-8")))}
META = Draft202012Validator(Draft202012Validator.META_SCHEMA)


def located(problems, under=()):
    return ["/".join(map(str, (*under, *p.absolute_path))) + ": " + p.message[:300] for p in problems]


def at(document, pointer):
    """What a `#/…` refers to; KeyError where nothing is there."""
    here = document
    for part in pointer.removeprefix("#/").split("/"):
        here = here[part.replace("~1", "/").replace("~0", "~")]
    return here


def nodes(value, path=()):
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in items:
        yield from nodes(below, (*path, name))


def resolved(document, schema, depth=0):
    """A schema with what it refers to in its place: ours are trees."""
    assert depth < 40, "schemas refer to each other in a circle"
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            rest = {k: v for k, v in schema.items() if k != "$ref"}
            target = resolved(document, at(document, schema["$ref"]), depth + 1)
            return {"allOf": [target], **resolved(document, rest, depth + 1)} if rest else target
        return {k: resolved(document, v, depth + 1) for k, v in schema.items()}
    if isinstance(schema, list):
        return [resolved(document, v, depth + 1) for v in schema]
    return schema


def problems_of(document):
    version = str(document.get("openapi"))[:3]
    if version not in OAS:
        return [f"openapi is {version}"]
    problems = located(OAS[version].iter_errors(document))
    if problems:
        return problems
    seen = set()
    for path, node in nodes(document):
        if not isinstance(node, dict) or "example" in path or "examples" in path:
            continue
        reference = node.get("$ref")
        if isinstance(reference, str):
            try:
                at(document, reference)
            except (KeyError, TypeError):
                problems.append("/".join(map(str, path)) + f": {reference} is not there")
                return problems
        if version != "3.1":
            continue
        is_schema = path[-1:] == ("schema",) or path[:2] == ("components", "schemas") and len(path) == 3
        if is_schema:
            problems += located(META.iter_errors(node), path)
        if path[-1:] and "schema" in node and "example" in node:
            made = Draft202012Validator(resolved(document, node["schema"]))
            problems += located(made.iter_errors(node["example"]), (*path, "example"))
        name = node.get("operationId")
        if isinstance(name, str) and path[:1] == ("paths",):
            if name in seen:
                problems.append(f"{name} is the operationId of two operations")
            seen.add(name)
    return problems


def spoilers(document):
    """It must be able to fail."""
    yield lambda d: d.update(openapi="4.0.0")
    yield lambda d: d.pop("info")
    yield lambda d: next(iter(d["paths"].values())).update(fetch={})
    yield lambda d: d["components"]["schemas"].update(lost={"$ref": "#/components/schemas/none"})
    yield lambda d: d["components"]["schemas"].update(wrong={"type": "texts"})


def main():
    for name in DOCUMENTS:
        document = json.loads((ROOT / name).read_text("utf-8"))
        problems = problems_of(document)
        assert not problems, f"{name}:\n  " + "\n  ".join(problems)
        for spoil in spoilers(document):
            spoiled = copy.deepcopy(document)
            spoil(spoiled)
            assert problems_of(spoiled), f"{name}: a spoiled document is taken for sound"
    print(f"{len(DOCUMENTS)} OpenAPI documents are sound")


if __name__ == "__main__":
    main()
