//! The schema of a target file.

use serde_json::{Value, json};

use super::matrix::variables_with_an_axis;
use super::parts::{duration, pattern_of_options, pattern_of_variables};
use crate::target_file::{Protocol, decode};

/// The whole schema.
pub(super) fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "gosweep target",
        "description": "A Go service: where its program comes from, how it is started and what is asked of it.",
        "type": "object",
        "additionalProperties": false,
        "required": [
            "name",
            "command",
            "requests"
        ],
        "oneOf": [
            {
                "required": [
                    "build"
                ]
            },
            {
                "required": [
                    "binary"
                ]
            }
        ],
        "properties": properties(),
        "definitions": {
            "duration": duration(),
            "request": request()
        }
    })
}

/// For texts that [`Target::with_values`](crate::target_file::Target::with_values) fills.
fn with_references(what: &str) -> String {
    format!(
        "{what} ${{NAME}} takes a value from the environment of gosweep, which is never stored; $${{ is a literal ${{."
    )
}

fn properties() -> Value {
    json!({
        "name": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$",
            "description": "The name in rankings.",
            "examples": [
                "httpjson"
            ]
        },
        "why": {
            "type": "string",
            "description": "What the service is."
        },
        "build": {
            "description": "Build it from source with every toolchain of the matrix.",
            "type": "object",
            "additionalProperties": false,
            "required": [
                "package"
            ],
            "properties": {
                "package": {
                    "type": "string",
                    "minLength": 1,
                    "description": "The package to build, relative to the module.",
                    "examples": [
                        "./httpjson"
                    ]
                },
                "module": {
                    "type": "string",
                    "default": "..",
                    "description": "The folder with go.mod, relative to the target file."
                },
                "fetch": {
                    "type": "boolean",
                    "default": false,
                    "description": "Modules may be fetched, the way your own go does: your GOPROXY, GOPRIVATE and module cache. go.mod and go.sum are never changed."
                },
                "cgo": {
                    "type": "boolean",
                    "default": false,
                    "description": "C code may be compiled in; needs a C compiler. Such programs are built anew for every run."
                }
            },
            "examples": [
                {
                    "package": "./httpjson"
                }
            ]
        },
        "binary": {
            "type": "string",
            "minLength": 1,
            "description": "A ready-made program, relative to the target file or absolute.",
            "examples": [
                "/srv/app/server"
            ]
        },
        "command": {
            "description": "Arguments behind the program. {addr} (required) is where the service must listen, {admin} where its admin listener must, as host:port; {name} is the option of that name.",
            "oneOf": [
                {
                    "type": [
                        "string",
                        "number",
                        "boolean"
                    ]
                },
                {
                    "type": "array",
                    "items": {
                        "type": [
                            "string",
                            "number",
                            "boolean"
                        ]
                    },
                    "minItems": 1
                }
            ],
            "examples": [
                [
                    "-addr",
                    "{addr}",
                    "-admin",
                    "{admin}"
                ]
            ]
        },
        "options": {
            "description": "What a matrix may set, by name; each must appear in command.",
            "type": "object",
            "propertyNames": {
                "pattern": pattern_of_options(),
                "not": {
                    "enum": [
                        "addr",
                        "admin"
                    ]
                }
            },
            "additionalProperties": {
                "type": "object",
                "additionalProperties": false,
                "required": [
                    "default"
                ],
                "properties": {
                    "default": {
                        "type": [
                            "string",
                            "number",
                            "boolean"
                        ],
                        "description": "What it is when the matrix says nothing."
                    },
                    "why": {
                        "type": "string",
                        "description": "What it changes."
                    }
                }
            },
            "examples": [
                {
                    "items": {
                        "default": 50,
                        "why": "rows per response"
                    }
                }
            ]
        },
        "env": {
            "description": with_references("Environment variables that the service needs, the same in every cell."),
            "examples": [
                {
                    "DB_PASSWORD": "${DB_PASSWORD}"
                }
            ],
            "type": "object",
            "propertyNames": {
                "pattern": pattern_of_variables(),
                "not": {
                    "enum": variables_with_an_axis()
                }
            },
            "additionalProperties": {
                "type": [
                    "string",
                    "number",
                    "boolean"
                ]
            }
        },
        "ready": {
            "description": "When the service is ready for load. Without it: once the first request is answered as expected.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "path": {
                    "type": "string",
                    "pattern": "^/[!-~]*$",
                    "description": with_references("The path that answers 200 once it is ready."),
                    "examples": [
                        "/ready"
                    ]
                },
                "on": {
                    "enum": decode::LISTENERS,
                    "default": "service",
                    "description": "Which listener is asked."
                },
                "within": {
                    "allOf": [
                        {
                            "$ref": "#/definitions/duration"
                        }
                    ],
                    "description": "How long it may take. Default 10s.",
                    "examples": [
                        "10s"
                    ]
                }
            },
            "examples": [
                {
                    "path": "/ready",
                    "on": "admin",
                    "within": "10s"
                }
            ]
        },
        "requests": {
            "description": "What is asked of the service, by weight.",
            "oneOf": [
                {
                    "$ref": "#/definitions/request"
                },
                {
                    "type": "array",
                    "items": {
                        "$ref": "#/definitions/request"
                    },
                    "minItems": 1
                }
            ],
            "examples": [
                [
                    {
                        "path": "/items",
                        "expect": {
                            "status": 200,
                            "length": 5751
                        }
                    }
                ]
            ]
        },
        "protocol": {
            "enum": Protocol::NAMES,
            "default": "http1",
            "description": "What the service speaks: HTTP/1.1, HTTP/1.1 over TLS, HTTP/2 without TLS by prior knowledge, or HTTP/2 over TLS."
        },
        "insecure": {
            "type": "boolean",
            "default": false,
            "description": "Do not check the certificate; for self-signed services of your own."
        },
        "probe": {
            "type": "boolean",
            "default": false,
            "description": "Whether it speaks the contract of targets/internal/probe on {admin}. Without it what only the runtime knows is marked as not observable."
        },
        "shows": {
            "type": "string",
            "description": "What it demonstrates: which settings move which figures."
        }
    })
}

fn request() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [
            "path"
        ],
        "properties": {
            "name": {
                "type": "string",
                "description": "The name in tables; the path if left out. No two requests may share one."
            },
            "method": {
                "type": "string",
                "pattern": "^[A-Z]+$",
                "default": "GET",
                "description": "The HTTP method.",
                "examples": [
                    "POST"
                ]
            },
            "path": {
                "type": "string",
                "pattern": "^/[!-~]*$",
                "description": with_references("The path with its query."),
                "examples": [
                    "/items"
                ]
            },
            "headers": {
                "type": "object",
                "additionalProperties": {
                    "type": [
                        "string",
                        "number",
                        "boolean"
                    ]
                },
                "description": with_references("Header lines, by name."),
                "examples": [
                    {
                        "Content-Type": "application/json",
                        "Authorization": "Bearer ${API_TOKEN}"
                    }
                ]
            },
            "body": {
                "type": [
                    "string",
                    "number",
                    "boolean"
                ],
                "description": with_references("The body; may hold placeholders such as {{seq}}.")
            },
            "body_file": {
                "type": "string",
                "description": "The body from a file, byte for byte; relative to this file."
            },
            "weight": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1000000,
                "default": 1,
                "description": "How often it is sent, relative to the others."
            },
            "expect": {
                "description": "What a right answer looks like; anything else counts as an error.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "status": {
                        "type": "integer",
                        "minimum": 100,
                        "maximum": 599,
                        "default": 200,
                        "description": "The status."
                    },
                    "length": {
                        "type": "integer",
                        "minimum": 0,
                        "description": "The length of the body in bytes."
                    },
                    "sha256": {
                        "type": "string",
                        "pattern": "^[0-9a-fA-F]{64}$",
                        "description": "The SHA-256 of the body."
                    }
                }
            }
        }
    })
}
