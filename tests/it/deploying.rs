//! What `deploy/` hands out: manifests that their tools take, with commands that the program takes.

use std::fs;
use std::process::Command;

use crate::binary::{Place, Said};
use crate::services::is_installed;
use crate::support::root;

const FILES: [&str; 2] = ["compose.yaml", "kubernetes.yaml"];

fn read(name: &str) -> String {
    fs::read_to_string(root().join("deploy").join(name)).unwrap()
}

/// Arguments of the program in a manifest.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lists = text.lines().filter_map(|line| {
        let (key, list) = line.trim().split_once(": ")?;
        ["command", "args"].contains(&key).then(|| serde_json::from_str(list).unwrap())
    });
    lists.collect()
}

#[test]
fn the_commands_of_the_manifests_are_the_program_s() {
    let place = Place::new(&[]);
    for file in FILES {
        let commands = commands(&read(file));
        assert_eq!(commands.len(), 3, "{file}: a scheduler, executors, a run");
        for mut command in commands {
            // Whatever stands before it is read first.
            command.push("--help".to_owned());
            let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            place.go(&arguments).ends_with(0);
            let wrong: Vec<&str> =
                arguments.iter().map(|word| if *word == "--bind" { "--bound" } else { word }).collect();
            if wrong != arguments {
                place.go(&wrong).ends_with(2);
            }
        }
    }
}

#[test]
fn manifests_are_sound_and_publish_no_port() {
    if !is_installed("schedulers") {
        return;
    }
    let place = Place::new(&[]);
    let services = root().join("tests/services/services");
    let check = |kind: &str, name: &str, text: &str| {
        place.write(name, text);
        let output = Command::new(&services).args(["check", kind]).arg(place.join(name)).output().unwrap();
        Said::new(&output)
    };
    let kubernetes = read("kubernetes.yaml");
    for (number, document) in kubernetes.split("\n---\n").enumerate() {
        let said = check("kubernetes", &format!("{number}.yaml"), document);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let wrong = document.replace("spec:", "specs:");
        assert_ne!(check("kubernetes", "wrong.yaml", &wrong).code, 0, "the tool takes all");
    }
    assert!(kubernetes.contains("kind: NetworkPolicy") && !kubernetes.contains("NodePort"));
    let compose = read("compose.yaml");
    let said = check("compose", "compose.yaml", &compose);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    for (right, wrong) in
        [("networks: [cluster]", "networks: [other]"), ("    image:", "    imago:"), ("replicas: 2", "replicas: x")]
    {
        assert!(compose.contains(right));
        assert_ne!(check("compose", "wrong.yaml", &compose.replace(right, wrong)).code, 0, "{wrong} is taken");
    }
    let published = compose.replace("    networks: [cluster]", "    ports: [\"50050:50050\"]\n    networks: [cluster]");
    assert_ne!(check("compose", "wrong.yaml", &published).code, 0, "a port is published");
}

#[cfg(not(feature = "cluster"))]
#[test]
fn without_the_feature_a_cluster_is_refused_with_its_name() {
    let place = Place::new(&[("mapping.yaml", "format: accounts\n")]);
    for arguments in
        [&["cluster", "scheduler"][..], &["cluster", "executor"], &["run", "--cluster", "df://localhost:1"]]
    {
        place.go(arguments).ends_with(2).tells(&["--features cluster"]);
    }
}
