//! Values for a Helm chart, in the shapes that charts commonly have.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, comments, literal, one, yaml};

/// How a chart takes variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelmShape {
    /// A map from name to value.
    Map,
    /// A list of name and value, as a container has it.
    List,
}

/// A values file.
#[derive(Debug, Clone)]
pub struct Helm {
    /// The key that holds the variables, its parts apart: `app`, `extraEnv`.
    pub key_path: Vec<String>,
    /// The shape of what it holds.
    pub shape: HelmShape,
}

impl ExportFormat for Helm {
    fn carrier(&self) -> Carrier {
        Carrier::Deployment
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let undo = "helm rollback, or upgrade without this file";
        let mut text = comments::head(export, "# ", undo);
        text.push_str(
            "# Apply: helm upgrade RELEASE CHART --reuse-values -f gosweep-values.yaml\n",
        );
        if self.shape == HelmShape::List {
            text.push_str(&comments::lines(
                "Helm replaces a list as a whole: copy into it what the chart's own values have there.",
                "# ",
                "",
            ));
        }
        let (last, parents) = match self.key_path.split_last() {
            Some((last, parents)) => (last.as_str(), parents),
            None => ("env", [].as_slice()),
        };
        for (depth, key) in parents.iter().enumerate() {
            text.push_str(&format!("{}{}:\n", "  ".repeat(depth), yaml::quoted(key)));
        }
        let indent = 2 * parents.len();
        text.push_str(&yaml::resources(export, indent));
        let pad = " ".repeat(indent);
        let inner = self.variables(export, indent + 2);
        match inner.lines().all(|line| line.trim_start().starts_with('#')) {
            true => text.push_str(&format!(
                "{inner}{pad}{}: {}\n",
                yaml::quoted(last),
                self.empty()
            )),
            false => text.push_str(&format!("{pad}{}:\n{inner}", yaml::quoted(last))),
        }
        Ok(one("gosweep-values.yaml", text))
    }
}

impl Helm {
    fn empty(&self) -> &'static str {
        match self.shape {
            HelmShape::Map => "{}",
            HelmShape::List => "[]",
        }
    }

    fn variables(&self, export: &Export, indent: usize) -> String {
        if self.shape == HelmShape::List {
            return yaml::env_list(export, indent, false);
        }
        let pad = " ".repeat(indent);
        let lines = export.variables.iter().map(|own| {
            // A null takes a key out of what the chart has.
            let value =
                literal(own).map_or_else(|| "null".to_owned(), |own| yaml::container_value(&own));
            let because = comments::because(own, &format!("{pad}# "));
            format!("{because}{pad}{}: {value}\n", own.name)
        });
        lines.collect()
    }
}
