//! Laboratories that several tests look at.

use crate::lab::{Lab, Service};

/// GOGC=400 is the best; GOGC=50 costs throughput; one P costs both.
pub fn winner() -> Lab {
    let normal = Service::default();
    Lab::new()
        .cell(&[("gomaxprocs", "default"), ("gogc", "100")], normal)
        .cell(
            &[("gomaxprocs", "2"), ("gogc", "50")],
            Service {
                qps: 18_500.0,
                gc_per_kreq: 9.5,
                ..normal
            },
        )
        .cell(
            &[("gomaxprocs", "2"), ("gogc", "400")],
            Service {
                qps: 22_400.0,
                p99_ms: 3.2,
                gc_per_kreq: 1.4,
                rss_bytes: 62e6,
                ..normal
            },
        )
        .cell(
            &[("gomaxprocs", "1"), ("gogc", "400")],
            Service {
                qps: 12_100.0,
                p99_ms: 6.2,
                gc_per_kreq: 1.3,
                rss_bytes: 58e6,
                ..normal
            },
        )
}

/// A control and one cell with these figures.
pub fn two(service: Service) -> Lab {
    Lab::new()
        .cell(&[("gogc", "100")], Service::default())
        .cell(&[("gogc", "400")], service)
}

/// A laboratory whose settings try to break out of every format.
pub fn hostile() -> Lab {
    let evil = "a|b`</title><script>alert(1)</script>\n# *x* &amp; [l](j) \u{1b}[2J \"'";
    let mut lab = Lab::new()
        .cell(&[("env.X", "plain")], Service::default())
        .cell(
            &[("env.X", evil)],
            Service {
                qps: 25_000.0,
                ..Service::default()
            },
        );
    lab.blocks = 6;
    lab
}

/// GOGC trades memory for throughput; GOMAXPROCS scales with 10 % contention; 400 with P=4 is 10 % worse than both say.
pub fn trade_off() -> Lab {
    let normal = Service::default();
    let mut lab = Lab::new();
    for (gogc, speed, memory, gc) in [("100", 1.0, 1.0, 1.0), ("400", 1.1, 1.5, 0.3)] {
        for p in [1.0, 2.0, 4.0_f64] {
            let scaled = p / (1.0 + 0.1 * (p - 1.0));
            let together = if gogc == "400" && p == 4.0 { 0.9 } else { 1.0 };
            let service = Service {
                qps: 6_000.0 * speed * scaled * together,
                p99_ms: normal.p99_ms / scaled,
                gc_per_kreq: normal.gc_per_kreq * gc,
                rss_bytes: normal.rss_bytes * memory,
                ..normal
            };
            lab = lab.cell(&[("gogc", gogc), ("gomaxprocs", &p.to_string())], service);
        }
    }
    lab
}

/// A service that is so many times slower, at the same memory.
pub fn slower(times: f64) -> Service {
    let normal = Service::default();
    Service {
        qps: normal.qps / times,
        p99_ms: normal.p99_ms * times,
        ..normal
    }
}

/// Two toolchains over three settings of GOGC, the newer one slower by this.
pub fn upgrade(times: f64) -> Lab {
    let mut lab = Lab::new();
    for (toolchain, service) in [("1.25.5", Service::default()), ("1.27.3", slower(times))] {
        for gogc in ["100", "200", "400"] {
            lab = lab.cell(&[("toolchain", toolchain), ("gogc", gogc)], service);
        }
    }
    lab
}

/// GOGC=400 loses a tenth of the throughput and answers late.
pub fn regressed() -> Lab {
    let normal = Service::default();
    two(Service {
        qps: normal.qps * 0.9,
        p99_ms: 5.6,
        ..normal
    })
}

/// CPU time that the option `burn` adds, microseconds per request, for three values of it.
pub fn burning(microseconds: [f64; 3]) -> Lab {
    let normal = Service::default();
    let mut lab = Lab::new().cell(&[("option.burn", "0")], normal);
    for (burn, more) in ["900", "2300", "4600"].into_iter().zip(microseconds) {
        let service = Service {
            cpu_us_per_request: normal.cpu_us_per_request + more,
            ..normal
        };
        lab = lab.cell(&[("option.burn", burn)], service);
    }
    lab.blocks = 24;
    lab
}
