//! Exports for Kubernetes: kustomize and helm build them, kubernetes-validate holds what comes out against the schemas of
//! Kubernetes, strictly.

use std::path::Path;
use std::process::Command;

use report::{Helm, HelmShape, Kubernetes, Kustomize};

use crate::consumer::{accepted, program, put, python};
use crate::given::{HOSTILE, files, text, whole};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: app
          image: web
          env:
            - {name: GOGC, value: \"1\"}
            - {name: GREETING, value: hello}
            - {name: KEPT, value: \"yes\"}
        - name: sidecar
          image: sidecar
";

fn workload() -> Kubernetes {
    Kubernetes {
        kind: "Deployment",
        name: "web".to_owned(),
        container: "app".to_owned(),
    }
}

/// Holds a manifest against the schemas of Kubernetes, and gives the containers' variables as Kubernetes expands them.
fn variables(manifest: &Path, container: &str) -> Option<String> {
    let read = "
import sys, yaml
for text in yaml.safe_load_all(open(sys.argv[1])):
    for own in text['spec']['template']['spec']['containers']:
        if own['name'] == sys.argv[2]:
            for env in own.get('env') or []:
                print(env['name'] + '=' + env['value'].replace('$$(', '$('))
            print('memory', own.get('resources', {}).get('limits', {}).get('memory'))
";
    let mut validate = python("kubernetes_validate")?;
    accepted(
        validate
            .args(["-m", "kubernetes_validate", "--strict"])
            .arg(manifest),
    );
    let mut reader = python("yaml")?;
    Some(accepted(
        reader.args(["-c", read]).arg(manifest).arg(container),
    ))
}

fn expected() -> String {
    format!("GOGC=off\nGOMEMLIMIT=400MiB\nGODEBUG=madvdontneed=1,panicnil=1\nGREETING={HOSTILE}\n")
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn kustomize_patches_the_container() {
    let Some(kustomize) = program("kustomize") else {
        return;
    };
    for undo in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "base/deployment.yaml", DEPLOYMENT);
        put(
            folder.path(),
            "base/kustomization.yaml",
            "resources:\n  - deployment.yaml\n",
        );
        let overlay = "resources:\n  - ../base\ncomponents:\n  - ../gosweep\n";
        put(folder.path(), "overlay/kustomization.yaml", overlay);
        for own in files(&Kustomize(workload()), &whole(), undo) {
            put(&folder.path().join("gosweep"), &own.name, &own.text);
        }
        let built = accepted(
            Command::new(&kustomize)
                .arg("build")
                .arg(folder.path().join("overlay")),
        );
        let manifest = put(folder.path(), "built.yaml", &built);
        let Some(found) = variables(&manifest, "app") else {
            return;
        };
        let expected = match undo {
            false => format!("{}KEPT=yes\nmemory 512Mi\n", expected()),
            true => "GOGC=100\nKEPT=yes\nmemory 512Mi\n".to_owned(),
        };
        assert_eq!(sorted(&found), sorted(&expected), "{built}");
        assert_eq!(variables(&manifest, "sidecar").unwrap(), "memory None\n");
    }
}

#[test]
fn the_patch_alone_is_the_same() {
    let of_folder = files(&Kustomize(workload()), &whole(), false);
    let alone = text(&workload(), &whole(), false);
    assert!(of_folder.iter().any(|own| own.text == alone));
}

#[test]
fn helm_puts_the_values_into_either_shape() {
    let Some(helm) = program("helm") else {
        return;
    };
    let map = "{{- range $name, $value := .Values.env }}{{ if $value }}\n            - name: {{ $name }}\n              value: {{ $value | quote }}{{ end }}{{- end }}";
    let list = "{{- toYaml .Values.app.extraEnv | nindent 12 }}";
    let resources = |path: &str| {
        format!("          resources: {{{{- toYaml .Values.{path}resources | nindent 12 }}}}\n")
    };
    for (shape, keys, template, resources) in [
        (HelmShape::Map, vec!["env"], map, resources("")),
        (
            HelmShape::List,
            vec!["app", "extraEnv"],
            list,
            resources("app."),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (before, _) = DEPLOYMENT.split_once("          env:").unwrap();
        let deployment = format!("{before}{resources}          env:{template}\n");
        put(
            folder.path(),
            "chart/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        );
        put(
            folder.path(),
            "chart/values.yaml",
            "env:\n  KEPT: \"yes\"\napp:\n  extraEnv: []\n",
        );
        put(
            folder.path(),
            "chart/templates/deployment.yaml",
            &deployment,
        );
        let format = Helm {
            key_path: keys.into_iter().map(str::to_owned).collect(),
            shape,
        };
        let values = put(
            folder.path(),
            "values.yaml",
            &text(&format, &whole(), false),
        );
        let built = accepted(
            Command::new(&helm)
                .args(["template", "web"])
                .arg(folder.path().join("chart"))
                .arg("-f")
                .arg(values)
                .env("HELM_CACHE_HOME", folder.path())
                .env("HELM_CONFIG_HOME", folder.path()),
        );
        let manifest = put(folder.path(), "built.yaml", &built);
        let Some(found) = variables(&manifest, "app") else {
            return;
        };
        let kept = if shape == HelmShape::Map {
            "KEPT=yes\n"
        } else {
            ""
        };
        let expected = format!("{}{kept}memory 512Mi\n", expected());
        assert_eq!(sorted(&found), sorted(&expected), "{built}");
    }
}
