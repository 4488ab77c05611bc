//! Where groups can be made: below our own, after everything has been tried that may be refused.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::group::TargetGroup;
use super::write::{word, write};
use super::{Controller, Limits, Place};
use crate::cgroup::{Generation, controller_folders};
use crate::error::GroupError;
use crate::owner::Owner;
use crate::source::Source;

/// Our own groups, made ready to have others below them.
///
/// In version 2 a group may have processes or children with controllers, not both (Linux:
/// Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint"). Where we are alone in our group, as
/// under `systemd-run
/// --scope`, we move into a child of it and move back when this is dropped.
#[derive(Debug)]
pub struct GroupParent {
    places: Vec<Place>,
    moved: Option<Moved>,
}

/// What has to be undone in our version 2 group.
#[derive(Debug)]
struct Moved {
    home: PathBuf,
    leaf: PathBuf,
    enabled: Vec<&'static str>,
}

impl GroupParent {
    /// Finds our groups of these controllers, removes what killed runs left there, and makes and removes a group to see
    /// that it can be done.
    ///
    /// `root` is the folder that holds `sys/` and `proc/`, `/` for this host.
    ///
    /// # Errors
    /// [`GroupError`], with the fix.
    pub fn prepare(root: &Path, controllers: &[Controller]) -> Result<GroupParent, GroupError> {
        let mut parent = GroupParent {
            places: places(root, controllers)?,
            moved: None,
        };
        for place in &parent.places {
            sweep(&place.folder);
        }
        if let Some(unified) = unified(&parent.places) {
            let names: Vec<&'static str> =
                unified.controllers.iter().map(|one| one.name()).collect();
            parent.moved = open_for_children(&unified.folder, &names)?;
        }
        parent.make_group(&Limits::default())?;
        Ok(parent)
    }

    /// Makes a group with these limits, as far as this parent has their controllers.
    ///
    /// # Errors
    /// [`GroupError::Denied`] and [`GroupError::Limit`].
    pub fn make_group(&self, limits: &Limits) -> Result<TargetGroup, GroupError> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let name = our_name(&MADE.fetch_add(1, Ordering::Relaxed).to_string());
        let needed = limits.controllers();
        // Without any limit every controller is tried.
        let is_needed = |controller: &Controller| needed.is_empty() || needed.contains(controller);
        // Dropped on the way out, it takes back what was made so far.
        let mut group = TargetGroup::default();
        for place in &self.places {
            let controllers: Vec<Controller> = place
                .controllers
                .iter()
                .copied()
                .filter(is_needed)
                .collect();
            if controllers.is_empty() {
                continue;
            }
            let folder = place.folder.join(&name);
            fs::create_dir(&folder).map_err(|source| GroupError::Denied {
                folder: place.folder.clone(),
                source,
            })?;
            group.add(Place {
                folder,
                generation: place.generation,
                controllers,
            });
        }
        group.set_limits(limits)?;
        Ok(group)
    }
}

impl Drop for GroupParent {
    fn drop(&mut self) {
        let Some(moved) = &self.moved else { return };
        let off: Vec<String> = moved
            .enabled
            .iter()
            .map(|name| format!("-{name}"))
            .collect();
        // The same rule the other way round: controllers off, then processes in.
        let _ = write(&moved.home.join("cgroup.subtree_control"), &off.join(" "));
        let _ = move_ourselves(&moved.home);
        let _ = fs::remove_dir(&moved.leaf);
    }
}

/// Our own group of each controller; those of version 2 are one.
fn places(root: &Path, controllers: &[Controller]) -> Result<Vec<Place>, GroupError> {
    let source = Source::new(root);
    let mut places: Vec<Place> = Vec::new();
    for controller in controllers {
        let missing = || GroupError::NoController {
            controller: controller.name(),
        };
        let (generation, folders) =
            controller_folders(&source, controller.name()).ok_or_else(missing)?;
        let folder = source.path(folders.first().ok_or_else(missing)?);
        if !folder.join("cgroup.procs").exists() {
            return Err(missing());
        }
        if generation == Generation::V2 {
            is_delegated(&folder, *controller)?;
        }
        match places.iter_mut().find(|place| place.folder == folder) {
            Some(place) => place.controllers.push(*controller),
            None => places.push(Place {
                folder,
                generation,
                controllers: vec![*controller],
            }),
        }
    }
    Ok(places)
}

fn unified(places: &[Place]) -> Option<&Place> {
    places
        .iter()
        .find(|place| place.generation == Generation::V2)
}

fn is_delegated(folder: &Path, controller: Controller) -> Result<(), GroupError> {
    let available = word(&folder.join("cgroup.controllers")).unwrap_or_default();
    if available
        .split_whitespace()
        .any(|name| name == controller.name())
    {
        return Ok(());
    }
    Err(GroupError::NotDelegated {
        folder: folder.to_owned(),
        controller: controller.name(),
        available: match available.as_str() {
            "" => "none".to_owned(),
            names => names.to_owned(),
        },
    })
}

/// Gives the children of a version 2 group these controllers.
fn open_for_children(home: &Path, names: &[&'static str]) -> Result<Option<Moved>, GroupError> {
    let switch = home.join("cgroup.subtree_control");
    let on_already = word(&switch).unwrap_or_default();
    let enabled: Vec<&'static str> = names
        .iter()
        .copied()
        .filter(|name| !on_already.split_whitespace().any(|on| on == *name))
        .collect();
    if enabled.is_empty() {
        return Ok(None);
    }
    let on: Vec<String> = enabled.iter().map(|name| format!("+{name}")).collect();
    let on = on.join(" ");
    let denied = |source: io::Error| GroupError::Denied {
        folder: home.to_owned(),
        source,
    };
    match write(&switch, &on) {
        Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {}
        other => return other.map(|()| None).map_err(denied),
    }
    let others = other_members(home);
    if others > 0 {
        return Err(GroupError::Shared {
            folder: home.to_owned(),
            others,
        });
    }
    let leaf = home.join(our_name("self"));
    fs::create_dir(&leaf).map_err(denied)?;
    // From here on whatever fails is undone.
    let parent = GroupParent {
        places: Vec::new(),
        moved: Some(Moved {
            home: home.to_owned(),
            leaf,
            enabled,
        }),
    };
    let moved = parent.moved.as_ref().expect("it was just put there");
    move_ourselves(&moved.leaf).map_err(denied)?;
    write(&switch, &on).map_err(denied)?;
    let mut parent = parent;
    Ok(parent.moved.take())
}

fn other_members(group: &Path) -> usize {
    let ours = std::process::id().to_string();
    let members = word(&group.join("cgroup.procs")).unwrap_or_default();
    members.lines().filter(|pid| pid.trim() != ours).count()
}

fn move_ourselves(group: &Path) -> io::Result<()> {
    write(&group.join("cgroup.procs"), &std::process::id().to_string())
}

/// A name that says whose it is.
fn our_name(what: &str) -> String {
    format!("gosweep-{}-{what}", Owner::this())
}

/// Removes the groups of gosweeps that run no more.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if owner(&name).is_some_and(|owner| !owner.is_alive()) {
            // One that still has a process stays; its guard is at work.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The gosweep that made a group of this name.
fn owner(name: &str) -> Option<Owner> {
    let (owner, _) = Owner::of(name.strip_prefix("gosweep-")?)?;
    Some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is() {
        assert_eq!(owner(&our_name("7")), Some(Owner::this()));
        for other in [
            "gosweep",
            "gosweep-1",
            "gosweep-1-2",
            "gosweep-x-2-3",
            "user.slice",
        ] {
            assert_eq!(owner(other), None, "{other}");
        }
    }

    #[test]
    fn only_what_the_dead_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let dead = format!("gosweep-{}-1-0", u32::MAX - 1);
        // The pid of ours, but of an earlier process.
        let reused = format!("gosweep-{}-1-0", std::process::id());
        let ours = our_name("3");
        for name in [&dead, &reused, &ours, &"gosweep-notes".to_owned()] {
            fs::create_dir(path(name)).unwrap();
        }
        sweep(folder.path());
        assert!(!path(&dead).exists() && !path(&reused).exists());
        assert!(path(&ours).exists() && path("gosweep-notes").exists());
    }

    /// The rule of version 2 on this host's kernel, with whatever controller the unified hierarchy has: it is the same
    /// rule for each.
    #[test]
    fn alone_in_a_group_we_step_aside_and_come_back() {
        use std::io::Write;
        let skip = |why: &str| {
            let _ = writeln!(
                io::stderr(),
                "\nSKIPPED alone_in_a_group_we_step_aside_and_come_back: {why}\n"
            );
        };
        let source = Source::new(Path::new("/"));
        let Some((Generation::V2, folders)) = controller_folders(&source, "hugetlb") else {
            return skip("no version 2 hierarchy with the hugetlb controller");
        };
        let ours = source.path(&folders[0]);
        let home = ours.join(our_name("home"));
        let inside = |group: &Path| {
            other_members(group) == 0 && !word(&group.join("cgroup.procs")).unwrap().is_empty()
        };
        let switch = ours.join("cgroup.subtree_control");
        let was_on = word(&switch).is_some_and(|on| on.contains("hugetlb"));
        if write(&switch, "+hugetlb").is_err() || fs::create_dir(&home).is_err() {
            return skip("no group can be made in it");
        }
        move_ourselves(&home).unwrap();
        let moved = open_for_children(&home, &["hugetlb"]).unwrap().unwrap();
        let leaf = moved.leaf.clone();
        let on = word(&home.join("cgroup.subtree_control")).unwrap();
        let in_leaf = inside(&leaf);
        drop(GroupParent {
            places: Vec::new(),
            moved: Some(moved),
        });
        let back = inside(&home);
        let off = word(&home.join("cgroup.subtree_control")).unwrap();
        // Leave nothing, whatever was seen.
        move_ourselves(&ours).unwrap();
        fs::remove_dir(&home).unwrap();
        if !was_on {
            write(&switch, "-hugetlb").unwrap();
        }
        assert_eq!((on.as_str(), off.as_str()), ("hugetlb", ""));
        assert!(in_leaf && back && !leaf.exists());
    }
}
