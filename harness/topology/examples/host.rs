//! Prints what this host (or the one below the given root) looks like, how it
//! could be split, and how fit it is: `cargo run -p topology --example host [ROOT] [PLACEMENT]`.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().unwrap_or_else(|| "/".to_owned()));
    let policy: topology::Policy = arguments.next().as_deref().unwrap_or("split").parse()?;
    let host = topology::read(&root)?;
    println!("{}", host.summary());
    for note in &host.notes {
        println!("note: {note}");
    }
    match topology::place(&host, &policy, &topology::Request::default()) {
        Ok(placement) => {
            print!("{}", topology::draw(&host, Some(&placement)));
            for note in &placement.notes {
                println!("note: {note}");
            }
        }
        Err(refusal) => println!("{}{refusal}", topology::draw(&host, None)),
    }
    for check in topology::readiness(&root) {
        let cure = check.cure.as_deref().unwrap_or("-");
        println!(
            "{:<8} {:<16} {} | {}",
            check.state, check.id, check.found, cure
        );
    }
    Ok(())
}
