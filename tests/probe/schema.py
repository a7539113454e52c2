"""As much of JSON Schema as docs/*.schema.json use.

    for fault in faults(report, schema): print(fault)
"""
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
         "null": type(None)}


def is_a(value, name):
    return isinstance(value, TYPES[name]) and not (name in ("integer", "number") and isinstance(value, bool))


def faults(value, schema, where="$", root=None):
    root = root or schema
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    allowed = schema.get("type", ())
    allowed = allowed if isinstance(allowed, (list, tuple)) else [allowed]
    wanted = next((one for one in allowed if is_a(value, one)), None)
    if allowed and wanted is None:
        yield f"{where} is no {' or '.join(allowed)}: {value!r}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is none of {schema['enum']}: {value!r}"
    if wanted == "object":
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{where} has no {name}"
        for name, one in value.items():
            if name in schema.get("properties", {}):
                yield from faults(one, schema["properties"][name], f"{where}.{name}", root)
            elif schema.get("additionalProperties") is False:
                yield f"{where} has {name}, which is not described"
    if wanted == "array" and "items" in schema:
        for number, one in enumerate(value):
            yield from faults(one, schema["items"], f"{where}[{number}]", root)
