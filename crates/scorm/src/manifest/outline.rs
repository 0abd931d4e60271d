//! What of a manifest's elements means something, gathered while they go by.

use std::collections::HashMap;

use super::reference::{self, BadReference};
use super::{LAUNCH_DATA_CHARS_MAX, Manifest, ManifestError, SourceEdition, TEXT_BYTES_MAX};
use crate::edition::TITLE_CHARS_MAX;
use crate::text;

/// How long all bases of an address may be together, in bytes: each resource keeps its own.
const BASES_BYTES_MAX: usize = 1_024;

/// Why nothing can be played of what a manifest says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOutline {
    /// It is another XML file.
    #[error("imsmanifest.xml must have one element at its root, <manifest>, not <{0}>")]
    Root(String),
    /// It is of another standard, or of an edition that is not read.
    #[error("imsmanifest.xml has the schemaversion {0:?}: SCORM 1.2 and SCORM 2004 (2nd to 4th edition) are read")]
    Edition(String),
    /// It has no organization, so that nothing is said to be played.
    #[error("imsmanifest.xml has no organization: the package has parts, and none that is said to be played")]
    NoOrganization,
    /// Its organization has no item with a resource that has an address.
    #[error("imsmanifest.xml has no item that can be launched in its default organization")]
    NothingToLaunch,
    /// An item names a resource that is not there.
    #[error("imsmanifest.xml has an item with identifierref {0:?}, and no resource of that name")]
    NoResource(String),
    /// Its parts are launched one by one, and a learner would be done after the first.
    #[error("the package has {0} parts that are launched one by one: only packages of one part are played")]
    ManyParts(usize),
    /// Its one part never says anything to an LMS.
    #[error("the package's only part is an asset, which never says that it is completed: it must be a SCO")]
    Asset,
    /// What is opened is no file of the package.
    #[error("the address {href:?} of what imsmanifest.xml launches {why}")]
    Reference {
        /// What it says.
        href: String,
        /// What is wrong with it.
        why: BadReference,
    },
    /// What is handed over is too long.
    #[error("imsmanifest.xml has launch data (datafromlms) of more than {LAUNCH_DATA_CHARS_MAX} characters")]
    LaunchData,
    /// The score for a pass is none.
    #[error("imsmanifest.xml has the masteryscore {0:?}, which is not a number from 0 to 100")]
    MasteryScore(String),
}

/// What an element is, by its name and by what it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Manifest,
    /// A manifest inside another. Only its resources are looked at.
    InnerManifest,
    Metadata,
    SchemaVersion,
    Organizations,
    Organization,
    Item,
    Title,
    LaunchData,
    MasteryScore,
    Resources,
    Resource,
    /// Whatever is passed over, with all that is in it.
    Other,
}

#[derive(Debug)]
struct Frame {
    node: Node,
    /// Against what addresses inside it are resolved, besides what stands above.
    base: String,
}

#[derive(Debug, Default)]
struct Organization {
    identifier: String,
    title: String,
    /// All of them, in the order in which they begin.
    items: Vec<Item>,
    /// Those that have begun and not ended.
    open: Vec<usize>,
}

#[derive(Debug, Default)]
struct Item {
    title: String,
    /// The resource that it launches; empty if it is only a heading.
    resource: String,
    parameters: String,
    launch_data: String,
    mastery_score: String,
}

#[derive(Debug)]
struct Resource {
    href: String,
    bases: Vec<String>,
    is_asset: bool,
}

/// What has been gathered.
#[derive(Debug, Default)]
pub(super) struct Outline {
    frames: Vec<Frame>,
    is_over: bool,
    text: String,
    schema_version: Option<String>,
    /// What the declarations at the root say, where the metadata says nothing.
    declared: Option<SourceEdition>,
    default: String,
    organizations: Vec<Organization>,
    resources: HashMap<String, Resource>,
}

impl Outline {
    /// An element begins. Attributes go by their names without prefixes.
    pub(super) fn begin(&mut self, name: &str, attributes: &[(String, String)]) -> Result<(), ManifestError> {
        let of = |wanted: &str| {
            let found = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let node = self.node(&name.to_ascii_lowercase())?;
        let base = of("base");
        if self.frames.iter().map(|frame| frame.base.len()).sum::<usize>() + base.len() > BASES_BYTES_MAX {
            return Err(ManifestError::Limit("1 KiB of xml:base, one inside the other"));
        }
        match node {
            Node::Manifest => self.declared = attributes.iter().find_map(|(_, value)| declared(value)),
            Node::Organizations => self.default = of("default"),
            Node::Organization => {
                self.organizations.push(Organization { identifier: of("identifier"), ..Organization::default() });
            }
            Node::Item => {
                let item = Item { resource: of("identifierref"), parameters: of("parameters"), ..Item::default() };
                if let Some(organization) = self.organizations.last_mut() {
                    organization.open.push(organization.items.len());
                    organization.items.push(item);
                }
            }
            Node::Resource => {
                let bases = self.frames.iter().map(|frame| &frame.base).chain([&base]);
                let bases = bases.filter(|base| !base.is_empty()).cloned().collect();
                let resource =
                    Resource { href: of("href"), bases, is_asset: of("scormtype").eq_ignore_ascii_case("asset") };
                self.resources.entry(of("identifier")).or_insert(resource);
            }
            Node::InnerManifest | Node::Metadata | Node::Resources | Node::Other => {}
            Node::SchemaVersion | Node::Title | Node::LaunchData | Node::MasteryScore => self.text.clear(),
        }
        self.frames.push(Frame { node, base });
        Ok(())
    }

    /// What an element of this name is where we stand.
    fn node(&self, name: &str) -> Result<Node, ManifestError> {
        let Some(frame) = self.frames.last() else {
            return match name {
                "manifest" if !self.is_over => Ok(Node::Manifest),
                _ => Err(BadOutline::Root(name.chars().take(100).collect()).into()),
            };
        };
        Ok(match (frame.node, name) {
            (Node::Manifest | Node::InnerManifest, "manifest") => Node::InnerManifest,
            (Node::Manifest | Node::InnerManifest, "resources") => Node::Resources,
            (Node::Resources, "resource") => Node::Resource,
            (Node::Manifest, "metadata") => Node::Metadata,
            (Node::Metadata, "schemaversion") => Node::SchemaVersion,
            (Node::Manifest, "organizations") => Node::Organizations,
            (Node::Organizations, "organization") => Node::Organization,
            (Node::Organization | Node::Item, "item") => Node::Item,
            (Node::Organization | Node::Item, "title") => Node::Title,
            (Node::Item, "datafromlms") => Node::LaunchData,
            (Node::Item, "masteryscore") => Node::MasteryScore,
            _ => Node::Other,
        })
    }

    /// Text goes by.
    pub(super) fn text(&mut self, text: &str) -> Result<(), ManifestError> {
        let node = self.frames.last().map(|frame| frame.node);
        if matches!(node, Some(Node::SchemaVersion | Node::Title | Node::LaunchData | Node::MasteryScore)) {
            if self.text.len() + text.len() > TEXT_BYTES_MAX {
                return Err(ManifestError::Limit("64 KiB in one text"));
            }
            self.text.push_str(text);
        }
        Ok(())
    }

    /// An element ends: the one that began last.
    pub(super) fn end(&mut self) -> Result<(), ManifestError> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.is_over = self.frames.is_empty();
        let organization = self.organizations.last_mut();
        let of_item = |organization: &mut Organization| organization.open.last().copied();
        match (frame.node, organization) {
            (Node::SchemaVersion, _) => self.schema_version = Some(self.text.trim().to_owned()),
            (Node::Item, Some(organization)) => {
                organization.open.pop();
            }
            (Node::Title, Some(organization)) => match of_item(organization) {
                Some(item) => organization.items[item].title = std::mem::take(&mut self.text),
                None => organization.title = std::mem::take(&mut self.text),
            },
            (Node::LaunchData, Some(organization)) => {
                if let Some(item) = of_item(organization) {
                    organization.items[item].launch_data = std::mem::take(&mut self.text);
                }
            }
            (Node::MasteryScore, Some(organization)) => {
                if let Some(item) = of_item(organization) {
                    organization.items[item].mastery_score = self.text.trim().to_owned();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What all of it comes to.
    pub(super) fn manifest(self) -> Result<Manifest, BadOutline> {
        if !self.is_over {
            return Err(BadOutline::Root("nothing".to_owned()));
        }
        let edition = self.edition()?;
        let default = self.organizations.iter().find(|organization| organization.identifier == self.default);
        let organization = default.or(self.organizations.first()).ok_or(BadOutline::NoOrganization)?;
        let (item, resource) = self.part(organization)?;
        let bases: Vec<&str> = resource.bases.iter().map(String::as_str).collect();
        let entry = reference::resolve(&bases, &resource.href, &item.parameters)
            .map_err(|why| BadOutline::Reference { href: resource.href.chars().take(200).collect(), why })?;
        let title = [&organization.title, &item.title].map(|title| text::line(title, TITLE_CHARS_MAX));
        if item.launch_data.chars().count() > LAUNCH_DATA_CHARS_MAX {
            return Err(BadOutline::LaunchData);
        }
        let is_score = |score: &str| {
            score.bytes().all(|b| b.is_ascii_digit() || b == b'.')
                && score.len() <= 20
                && score.parse::<f64>().is_ok_and(|score| (0.0..=100.0).contains(&score))
        };
        let mastery_score = Some(&item.mastery_score).filter(|score| !score.is_empty()).cloned();
        if let Some(score) = mastery_score.iter().find(|score| !is_score(score)) {
            return Err(BadOutline::MasteryScore(score.chars().take(20).collect()));
        }
        Ok(Manifest {
            edition,
            title: title.into_iter().find(|title| !title.is_empty()).unwrap_or_default(),
            entry,
            launch_data: Some(&item.launch_data).filter(|data| !data.is_empty()).cloned(),
            mastery_score: mastery_score.filter(|_| edition == SourceEdition::Scorm12),
        })
    }

    /// The one item of an organization that can be launched.
    fn part<'a>(&'a self, organization: &'a Organization) -> Result<(&'a Item, &'a Resource), BadOutline> {
        let mut parts = Vec::new();
        for item in organization.items.iter().filter(|item| !item.resource.is_empty()) {
            let resource = self.resources.get(&item.resource);
            let resource = resource.ok_or_else(|| BadOutline::NoResource(item.resource.chars().take(100).collect()))?;
            if !resource.href.is_empty() {
                parts.push((item, resource));
            }
        }
        match parts[..] {
            [] => Err(BadOutline::NothingToLaunch),
            [(_, resource)] if resource.is_asset => Err(BadOutline::Asset),
            [part] => Ok(part),
            _ => Err(BadOutline::ManyParts(parts.len())),
        }
    }

    fn edition(&self) -> Result<SourceEdition, BadOutline> {
        let said = self.schema_version.as_deref().filter(|version| !version.is_empty());
        let Some(said) = said else { return self.declared.ok_or_else(|| BadOutline::Edition(String::new())) };
        match said.to_ascii_lowercase().as_str() {
            "1.2" => Ok(SourceEdition::Scorm12),
            "cam 1.3" | "2004 2nd edition" => Ok(SourceEdition::Scorm2004Second),
            "2004 3rd edition" => Ok(SourceEdition::Scorm2004Third),
            "2004 4th edition" => Ok(SourceEdition::Scorm2004Fourth),
            _ => Err(BadOutline::Edition(said.chars().take(100).collect())),
        }
    }
}

/// The edition that a declaration of a namespace gives away.
fn declared(value: &str) -> Option<SourceEdition> {
    if value.contains("adlcp_rootv1p2") {
        return Some(SourceEdition::Scorm12);
    }
    value.contains("adlcp_v1p3").then_some(SourceEdition::Scorm2004Third)
}
