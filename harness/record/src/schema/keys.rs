//! The keys of a matrix that no table has.

use serde_json::{Value, json};

use crate::matrix::{Engine, load};

pub(super) fn name() -> Value {
    json!({
        "type": "string",
        "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$",
        "description": "The name of the matrix; it becomes part of the run's folder.",
        "examples": [
            "quickstart"
        ]
    })
}

pub(super) fn why() -> Value {
    json!({
        "type": "string",
        "description": "Why it is run, and what to look at in the result.",
        "examples": [
            "first look at GOMAXPROCS and GOGC on a small JSON service"
        ]
    })
}

pub(super) fn targets() -> Value {
    json!({
        "description": "Names of folders under targets/, or paths of target files.",
        "oneOf": [
            {
                "type": "string",
                "minLength": 1
            },
            {
                "type": "array",
                "items": {
                    "type": "string",
                    "minLength": 1
                },
                "minItems": 1,
                "uniqueItems": true
            }
        ],
        "examples": [
            [
                "httpjson"
            ]
        ]
    })
}

pub(super) fn exclude() -> Value {
    json!({
        "description": "Cells that match any of these rules are left out. A rule matches where every axis that it names has one of the values.",
        "oneOf": [
            {
                "$ref": "#/definitions/rule"
            },
            {
                "type": "array",
                "items": {
                    "$ref": "#/definitions/rule"
                }
            }
        ],
        "examples": [
            [
                {
                    "gogc": "off",
                    "gomemlimit": "none"
                }
            ]
        ]
    })
}

pub(super) fn only() -> Value {
    json!({
        "description": "If there are any, only cells that match one of these rules are run, besides the control.",
        "oneOf": [
            {
                "$ref": "#/definitions/rule"
            },
            {
                "type": "array",
                "items": {
                    "$ref": "#/definitions/rule"
                }
            }
        ],
        "examples": [
            [
                {
                    "gogc": "off",
                    "gomemlimit": "none"
                }
            ]
        ]
    })
}

pub(super) fn load() -> Value {
    json!({
        "description": "The load of every trial.",
        "type": "object",
        "additionalProperties": false,
        "anyOf": [
            {
                "required": [
                    "saturate"
                ]
            },
            {
                "required": [
                    "constant"
                ]
            }
        ],
        "properties": {
            "connections": {
                "type": "integer",
                "minimum": 1,
                "maximum": 100000,
                "default": 32,
                "description": "Connections, opened before the clock starts.",
                "examples": [
                    32
                ]
            },
            "threads": {
                "type": "integer",
                "minimum": 1,
                "maximum": 1024,
                "description": "Generator threads; one per generator CPU if left out.",
                "examples": [
                    1
                ]
            },
            "engine": {
                "enum": Engine::WORDS,
                "default": "auto",
                "description": "The HTTP client of the generator."
            },
            "timeout": {
                "allOf": [
                    {
                        "$ref": "#/definitions/duration"
                    }
                ],
                "description": "Time for one request before it counts as timed out. Default 5s.",
                "examples": [
                    "5s"
                ]
            },
            "saturate": {
                "allOf": [
                    {
                        "$ref": "#/definitions/duration"
                    }
                ],
                "description": "How long to send as fast as answers come (closed loop). QPS is measured here.",
                "examples": [
                    "1500ms",
                    "2s"
                ]
            },
            "constant": {
                "description": "The window at a constant rate (open loop), the same rate for every cell. Latency and GC figures are measured here.",
                "type": "object",
                "additionalProperties": false,
                "required": [
                    "rate",
                    "for"
                ],
                "properties": {
                    "rate": {
                        "description": "A share of the control's capacity, which is found first, or requests per second.",
                        "oneOf": [
                            {
                                "type": "string",
                                "pattern": "^[0-9]+(\\.[0-9]+)?\\s*(%|/s)$"
                            },
                            {
                                "type": "number",
                                "exclusiveMinimum": 0
                            }
                        ],
                        "examples": [
                            "60%",
                            "5000/s"
                        ]
                    },
                    "for": {
                        "allOf": [
                            {
                                "$ref": "#/definitions/duration"
                            }
                        ],
                        "description": "For how long.",
                        "examples": [
                            "1500ms",
                            "10s"
                        ]
                    },
                    "arrival": {
                        "enum": load::ARRIVALS,
                        "default": "constant",
                        "description": "Equal gaps between requests, or exponential ones (seeded)."
                    }
                }
            }
        }
    })
}

pub(super) fn blocks() -> Value {
    json!({
        "description": "Blocks to run: each is one trial of every cell in random order, and a second one of the control. A number, or a range that precision, race and --budget decide within. Default 10.",
        "oneOf": [
            {
                "type": "integer",
                "minimum": 1,
                "maximum": 1000,
                "default": 10,
                "description": "So many blocks of every cell. Below 6 no rank-based 95 % interval exists.",
                "examples": [
                    6,
                    10
                ]
            },
            {
                "type": "object",
                "additionalProperties": false,
                "required": [
                    "max"
                ],
                "properties": {
                    "min": {
                        "type": "integer",
                        "minimum": 2,
                        "maximum": 1000,
                        "default": 6,
                        "description": "Before so many blocks nothing is judged: no stop on precision, no cell dropped."
                    },
                    "max": {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 1000,
                        "description": "At most so many blocks."
                    }
                }
            }
        ],
        "examples": [
            10,
            {
                "min": 6,
                "max": 30
            }
        ]
    })
}

pub(super) fn race() -> Value {
    json!({
        "type": "boolean",
        "description": "Drop cells that cannot reach the top group on any ranked objective any more. Default: true where blocks is a range, false where it is a number."
    })
}

pub(super) fn confirm() -> Value {
    json!({
        "type": "integer",
        "minimum": 0,
        "maximum": 1000,
        "default": 6,
        "description": "Fresh blocks of the recommended cell and the control after the search; their estimate is the one that the recommendation quotes. 0 for none."
    })
}

pub(super) fn warmup() -> Value {
    json!({
        "description": "Load before the measured windows: a time, or a time and a number of GC cycles. Default {for: 1s, gc_cycles: 3}.",
        "oneOf": [
            {
                "$ref": "#/definitions/duration"
            },
            {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "for": {
                        "allOf": [
                            {
                                "$ref": "#/definitions/duration"
                            }
                        ],
                        "description": "The least time. Default 1s.",
                        "examples": [
                            "500ms"
                        ]
                    },
                    "gc_cycles": {
                        "type": "integer",
                        "minimum": 0,
                        "maximum": 10000,
                        "default": 3,
                        "description": "The least number of GC cycles; not waited for where the collector is off."
                    }
                }
            }
        ],
        "examples": [
            "500ms",
            {
                "for": "2s",
                "gc_cycles": 5
            }
        ]
    })
}

pub(super) fn seed() -> Value {
    json!({
        "type": "integer",
        "minimum": 0,
        "default": 1,
        "description": "Seed of the order of trials and of every random choice.",
        "examples": [
            1
        ]
    })
}

pub(super) fn options() -> Value {
    json!({
        "description": "Options of the targets, by target and name, the same for every cell. To vary an option, make it an axis.",
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "propertyNames": {
                "pattern": "^[A-Za-z0-9_-]+$"
            },
            "additionalProperties": {
                "type": [
                    "string",
                    "number",
                    "boolean"
                ]
            }
        },
        "examples": [
            {
                "cache": {
                    "live-mib": 64
                }
            }
        ]
    })
}

pub(super) fn toolchain_sources() -> Value {
    json!({
        "description": "Where toolchains may come from, the first to be asked first; a source that is left out is never asked. Default: all of them, in the order cache, path, gotoolchain, godev, pip.",
        "oneOf": [
            {
                "type": "string",
                "minLength": 1
            },
            {
                "type": "array",
                "items": {
                    "type": "string",
                    "minLength": 1
                },
                "minItems": 1,
                "uniqueItems": true
            }
        ],
        "examples": [
            [
                "cache",
                "pip"
            ]
        ]
    })
}

pub(super) fn bind_memory() -> Value {
    json!({
        "type": "boolean",
        "default": false,
        "description": "Bind the target's memory to the NUMA node of its CPUs."
    })
}

pub(super) fn diagnose() -> Value {
    json!({
        "description": "Cells that get one extra trial after the blocks, with profiles, scheduler details and an execution trace: `control`, `winner`, or settings. Never ranked. A list, or a map with the time.",
        "oneOf": [
            {
                "type": "array",
                "items": {
                    "$ref": "#/definitions/diagnosed"
                },
                "minItems": 1
            },
            {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "cells": {
                        "description": "The cells. Default [control, winner].",
                        "oneOf": [
                            {
                                "$ref": "#/definitions/diagnosed"
                            },
                            {
                                "type": "array",
                                "items": {
                                    "$ref": "#/definitions/diagnosed"
                                },
                                "minItems": 1
                            }
                        ]
                    },
                    "for": {
                        "allOf": [
                            {
                                "$ref": "#/definitions/duration"
                            }
                        ],
                        "description": "The profiled window, 1s to 5m. Default 5s.",
                        "examples": [
                            "10s"
                        ]
                    }
                }
            },
            {
                "$ref": "#/definitions/diagnosed"
            }
        ],
        "examples": [
            [
                "control",
                "winner",
                {
                    "gogc": 400
                }
            ],
            {
                "cells": [
                    "control"
                ],
                "for": "10s"
            }
        ]
    })
}
