//! A strategic merge patch for a workload of Kubernetes.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, checked_label, comments, one, yaml};

/// What is patched.
#[derive(Debug, Clone)]
pub struct Kubernetes {
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The container.
    pub container: String,
}

impl ExportFormat for Kubernetes {
    fn carrier(&self) -> Carrier {
        Carrier::Deployment
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        Ok(one("gosweep-patch.yaml", self.patch(export)?))
    }
}

impl Kubernetes {
    pub(super) fn patch(&self, export: &Export) -> Result<String, ExportError> {
        let name = checked_label(&self.name, "workload", "--name")?;
        let container = checked_label(&self.container, "container", "--container")?;
        let kind = self.kind;
        let workload = format!("{}/{name}", kind.to_ascii_lowercase());
        let apply =
            format!("kubectl patch {workload} --type strategic --patch-file gosweep-patch.yaml");
        let undo =
            format!("kubectl rollout undo {workload}, or export with --undo and patch again");
        let mut text = comments::head(export, "# ", &undo);
        text.push_str(&comments::lines(&format!("Apply: {apply}"), "# ", ""));
        text.push_str(&format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: {}\nspec:\n  template:\n    spec:\n      containers:\n        - name: {}\n",
            yaml::quoted(name),
            yaml::quoted(container)
        ));
        text.push_str(&yaml::resources(export, 10));
        if !export.variables.is_empty() {
            text.push_str("          env:\n");
            text.push_str(&yaml::env_list(export, 12, true));
        }
        Ok(text)
    }
}
