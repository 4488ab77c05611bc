//! A component of kustomize: a folder with the patch.

use documents::export::{Carrier, Export};

use super::{ExportError, ExportFile, ExportFormat, Kubernetes, comments};

/// A component that overlays include.
#[derive(Debug, Clone)]
pub struct Kustomize(pub Kubernetes);

impl ExportFormat for Kustomize {
    fn carrier(&self) -> Carrier {
        Carrier::Deployment
    }

    fn files(&self, export: &Export) -> Result<Vec<ExportFile>, ExportError> {
        let undo = "take the folder out of `components` and apply the overlay again";
        let mut text = comments::lines(
            &format!(
                "The settings for {}, as a component. An overlay includes the folder:",
                export.target
            ),
            "# ",
            "",
        );
        text.push_str("#   components:\n#     - ../gosweep\n");
        text.push_str(&comments::lines(&format!("Undo: {undo}"), "# ", ""));
        text.push_str(
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - path: gosweep-patch.yaml\n",
        );
        let component = ExportFile {
            name: "kustomization.yaml".to_owned(),
            text,
        };
        let patch = ExportFile {
            name: "gosweep-patch.yaml".to_owned(),
            text: self.0.patch(export)?,
        };
        Ok(vec![component, patch])
    }
}
