//! A drop-in for a systemd unit.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, checked_plain, comments, literal, one};

/// A drop-in of `[Service]`.
#[derive(Debug, Clone)]
pub struct Systemd {
    /// The unit, without `.service`.
    pub unit: String,
}

impl ExportFormat for Systemd {
    fn carrier(&self) -> Carrier {
        Carrier::Deployment
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let unit = checked_plain(&self.unit, "unit", "--name")?;
        let unit = unit.strip_suffix(".service").unwrap_or(unit);
        let place = format!("/etc/systemd/system/{unit}.service.d/50-gosweep.conf");
        let undo = format!("rm {place}; systemctl daemon-reload; systemctl restart {unit}");
        let mut text = comments::head(export, "# ", &undo);
        text.push_str(&comments::lines(
            &format!("Put it at {place}, then: systemctl daemon-reload; systemctl restart {unit}"),
            "# ",
            "",
        ));
        text.push_str("[Service]\n");
        for own in &export.variables {
            text.push_str(&comments::because(own, "# "));
            text.push_str(&match literal(own) {
                Some(value) => format!("Environment=\"{}={}\"\n", own.name, escaped(&value)),
                None => format!("UnsetEnvironment={}\n", own.name),
            });
        }
        if let Some(bytes) = export.limits.memory_bytes {
            text.push_str("# The limit that the variables were derived from.\n");
            text.push_str(&format!("MemoryMax={}\n", super::memory(bytes, "M", "")));
        }
        if let Some(cpus) = export.limits.cpus {
            text.push_str(&format!("CPUQuota={:.0}%\n", cpus * 100.0));
        }
        Ok(one("50-gosweep.conf", text))
    }
}

/// Within double quotes: systemd.syntax(7), and specifiers of systemd.unit(5).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%")
}
