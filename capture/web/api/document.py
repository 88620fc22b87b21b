"""The OpenAPI 3.1 document, made from the operations and from the models that validate requests."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from capture.web.api.operation import KEY_HEADER, KEY_PATTERN, AnyOperation, Nothing
from capture.web.api.problems import KINDS, MEDIA_TYPE, ProblemKind

_DESCRIPTION: Final = """\
Read your qualified leads, and record your reviews and outcomes. Times are RFC 3339, and UTC in
answers. Money is text in major units, net of tax. The first answer that shows you a lead notifies
you of it, and starts its review window."""


def openapi(operations: Sequence[AnyOperation], version: str) -> dict[str, Any]:
    """The document as plain data."""
    schemas, definitions = models_json_schema(
        list(dict.fromkeys(_models(operations))),
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation_object(
            operation, schemas
        )
    return {
        "openapi": "3.1.1",
        "info": {"title": "Gatepost", "version": version, "description": _DESCRIPTION},
        "servers": [{"url": "/api"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "responses": {kind.name: _problem(kind, schemas) for kind in KINDS},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token that the agency gave you (RFC 6750).",
                }
            },
        },
    }


def _models(operations: Sequence[AnyOperation]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    for operation in operations:
        models.append((operation.answer, "serialization"))
        if operation.body is not Nothing:
            models.append((operation.body, "validation"))
    return [*models, *((kind.model, "serialization") for kind in KINDS)]


def _operation_object(operation: AnyOperation, schemas: Any) -> dict[str, Any]:
    operation_object: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [*map(_path_parameter, operation.path_names), *_query_parameters(operation)],
        "responses": {
            str(operation.status): {
                "description": "Done." if operation.body is not Nothing else "The result.",
                "content": _content("application/json", schemas[operation.answer, "serialization"]),
            },
            **{
                str(kind.status): {"$ref": f"#/components/responses/{kind.name}"}
                for kind in operation.problems
            },
        },
    }
    if operation.needs_idempotency_key:
        operation_object["parameters"].append(_KEY_PARAMETER)
    if operation.body is not Nothing:
        operation_object["requestBody"] = {
            "required": True,
            "content": _content("application/json", schemas[operation.body, "validation"]),
        }
    return operation_object


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "format": name.replace("_", "-")}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: AnyOperation) -> list[dict[str, Any]]:
    """One parameter for each field of the query's model."""
    schema = operation.query.model_json_schema()
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": text.pop("description", ""),
            "schema": _without_null(text),
        }
        for name, text in schema.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: it may be absent, but it is never null."""
    kinds = [kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}]
    if kinds:
        schema = {name: value for name, value in schema.items() if name != "default"}
        schema |= kinds[0]
    schema.pop("title", None)
    return schema


def _problem(kind: ProblemKind, schemas: Any) -> dict[str, Any]:
    return {
        "description": f"{kind.title}.",
        "headers": {
            name: {"description": text, "required": True, "schema": {"type": "string"}}
            for name, text in kind.headers.items()
        },
        "content": _content(MEDIA_TYPE, schemas[kind.model, "serialization"]),
    }


def _content(media_type: str, schema: Any) -> dict[str, Any]:
    return {media_type: {"schema": schema}}


_KEY_PARAMETER: Final = {
    "name": KEY_HEADER,
    "in": "header",
    "required": True,
    "description": "A new key for each new event, a UUID for example. Send the same key if you "
    "send the same event again (draft-ietf-httpapi-idempotency-key-header).",
    "schema": {"type": "string", "pattern": KEY_PATTERN, "format": "idempotency-key"},
}
