//! The schema of a target file.

use serde_json::{Value, json};

use super::matrix::variables_with_an_axis;
use super::parts::{duration, pattern_of_options, pattern_of_variables};
use crate::target_file::{Protocol, ready, surroundings};
use crate::word::PLACEHOLDERS;

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
            "request": request(),
            "step": step()
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
            "description": "Arguments behind the program. {addr} is where the service must listen and {admin} where its admin listener must, as host:port; {port} is the port of {addr}; {addr.NAME} and {port.NAME} are more addresses; {tmp} is a folder that is empty when a trial begins and gone when it has ended; {folder} is that of this file; {name} is the option of that name. One of {addr} and {port} must stand in command, env or files.",
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
                    }
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
            "description": "What a matrix may set, by name; each must appear in command, env or files.",
            "type": "object",
            "propertyNames": {
                "pattern": pattern_of_options(),
                "not": {
                    "enum": PLACEHOLDERS
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
            "description": with_references("Environment variables that the service needs, the same in every cell. Placeholders as in command; other braces stay as they are."),
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
        "workdir": {
            "type": "string",
            "minLength": 1,
            "description": "The working folder of the program and of the commands in before, relative to this file; may hold placeholders such as {tmp}. Without it: a folder of the trial.",
            "examples": [
                "{tmp}"
            ]
        },
        "files": {
            "description": "Files that are written anew for every trial, by their path in {tmp}; placeholders in their text are replaced, other braces stay as they are.",
            "type": "object",
            "additionalProperties": {
                "oneOf": [
                    {
                        "type": [
                            "string",
                            "number",
                            "boolean"
                        ]
                    },
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "properties": {
                            "text": {
                                "type": [
                                    "string",
                                    "number",
                                    "boolean"
                                ],
                                "description": "The text."
                            },
                            "template": {
                                "type": "string",
                                "minLength": 1,
                                "description": "A file with the text, relative to this file."
                            }
                        }
                    }
                ]
            },
            "examples": [
                {
                    "prometheus.yml": {
                        "template": "prometheus.yml"
                    }
                }
            ]
        },
        "before": {
            "description": "Commands that every trial runs besides the program, e.g. to load data. They get its environment and working folder; one that fails fails the trial.",
            "oneOf": [
                {
                    "$ref": "#/definitions/step"
                },
                {
                    "type": "array",
                    "items": {
                        "$ref": "#/definitions/step"
                    }
                }
            ]
        },
        "ready": {
            "description": "When the service is ready for load. Without it: once the first request is answered as expected.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "path": {
                    "type": "string",
                    "pattern": "^/[!-~]*$",
                    "description": with_references("The path that answers 200, or what `status` says, once it is ready."),
                    "examples": [
                        "/ready"
                    ]
                },
                "on": listener("Which listener is asked"),
                "headers": headers("Header lines of the question, by name."),
                "status": {
                    "type": "integer",
                    "minimum": 100,
                    "maximum": 599,
                    "default": 200,
                    "description": "The status of a service that is ready."
                },
                "log": {
                    "type": "string",
                    "minLength": 1,
                    "description": "What a line of its stdout or stderr holds once it is ready; with a path, both are waited for.",
                    "examples": [
                        "ready to serve client requests"
                    ]
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
        "ca": {
            "type": "string",
            "minLength": 1,
            "description": "PEM file with the authorities that the certificate is checked against instead of the system's, relative to this file; may hold placeholders such as {tmp}."
        },
        "probe": {
            "type": "boolean",
            "default": false,
            "description": "Whether it speaks the contract of targets/probe on {admin}. Without it what only the runtime knows is marked as not observable."
        },
        "metrics": {
            "description": "Where a service without probe tells of its own runtime: read before and after every window.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "prometheus": {
                    "type": "string",
                    "pattern": "^/[!-~]*$",
                    "description": "The path of Prometheus metrics with those of the Go collector (go_gc_*, go_memstats_*).",
                    "examples": [
                        "/metrics"
                    ]
                },
                "expvar": {
                    "type": "string",
                    "pattern": "^/[!-~]*$",
                    "description": "The path of package expvar, whose memstats are read.",
                    "examples": [
                        "/debug/vars"
                    ]
                },
                "on": listener("Which listener serves them"),
                "headers": headers("Header lines of the question, by name.")
            },
            "examples": [
                {
                    "prometheus": "/metrics"
                }
            ]
        },
        "shows": {
            "type": "string",
            "description": "What it demonstrates: which settings move which figures."
        }
    })
}

fn headers(description: &str) -> Value {
    json!({
        "type": "object",
        "additionalProperties": {
            "type": [
                "string",
                "number",
                "boolean"
            ]
        },
        "description": with_references(description),
        "examples": [
            {
                "Content-Type": "application/json",
                "Authorization": "Bearer ${API_TOKEN}"
            }
        ]
    })
}

fn listener(description: &str) -> Value {
    json!({
        "default": "service",
        "description": format!("{description}: service is {{addr}}, admin is {{admin}}, and any NAME is {{addr.NAME}}."),
        "anyOf": [
            {
                "enum": ready::LISTENERS
            },
            {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]+$"
            }
        ]
    })
}

fn step() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [
            "run"
        ],
        "properties": {
            "run": {
                "description": "A program and its arguments, with placeholders as in command. A program without a slash is looked up in PATH, any other is relative to this file.",
                "oneOf": [
                    {
                        "type": "string"
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
                        "./load-data.sh",
                        "{tmp}"
                    ]
                ]
            },
            "when": {
                "enum": surroundings::TIMES,
                "default": "start",
                "description": "start: before the program is started; ready: once the service is ready, before any load."
            },
            "within": {
                "allOf": [
                    {
                        "$ref": "#/definitions/duration"
                    }
                ],
                "description": "How long it may take. Default 60s."
            }
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
            "headers": headers("Header lines, by name."),
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
