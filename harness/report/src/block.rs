//! The blocks that every report is made of.
//!
//! Main type: [`Page`]. A document becomes a page once; a format decides how each block looks and escapes what it must.
//! Nothing here is escaped, and a value may hold anything.

use std::fmt;

use crate::chart::Chart;
use crate::table::Table;
use crate::text::Text;

/// A document, ready for any format.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The name of the page. A terminal leaves it out: the prompt above says what was asked for.
    pub title: String,
    /// What it holds.
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading with what belongs below it.
    Section(Section),
    /// The answer, first of all.
    Verdict(Verdict),
    /// A paragraph.
    Text(Text),
    /// A remark in small print: a legend, how to read a table.
    Note(Text),
    /// Points without an order between them.
    List(Vec<Text>),
    /// Words behind the names of what they say.
    Leads(Vec<Lead>),
    /// Findings and warnings, each with its severity.
    Findings(Vec<Finding>),
    /// Lines to copy, or as another program printed them.
    Code {
        /// What they are.
        lead: String,
        /// The lines.
        lines: Vec<String>,
    },
    /// A table.
    Table(Table),
    /// Charts that stand side by side where there is room.
    Charts(Vec<Chart>),
    /// What is folded away until it is asked for, where a medium can do that.
    Details {
        /// What stands in its place.
        summary: String,
        /// What it holds.
        blocks: Vec<Block>,
    },
    /// Where the parts of the page are, for a medium that has links.
    Contents {
        /// What they are.
        label: &'static str,
        /// Ids of sections, with what each is about.
        links: Vec<(String, Text)>,
    },
    /// Blocks that belong together, without a gap between them.
    Group(Vec<Block>),
    /// What a brief format shows only, in place of more.
    Brief(Vec<Block>),
    /// What a brief format leaves out.
    Full(Vec<Block>),
}

/// A heading with what belongs below it. How deep it is nested is its level.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: Title,
    /// A name for links within the page.
    pub id: Option<String>,
    /// What it holds.
    pub blocks: Vec<Block>,
}

impl Section {
    /// A section without a name for links.
    pub fn block(title: Title, blocks: Vec<Block>) -> Block {
        Block::Section(Section {
            title,
            id: None,
            blocks,
        })
    }

    /// A section that can be linked to.
    pub fn linked(id: impl Into<String>, title: Title, blocks: Vec<Block>) -> Block {
        Block::Section(Section {
            title,
            id: Some(id.into()),
            blocks,
        })
    }
}

/// A heading: words of ours, a name that somebody gave, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Words of ours, which a terminal sets in capitals; may be empty.
    pub topic: String,
    /// A name or what goes on from the topic; may be empty.
    pub about: String,
}

impl Title {
    /// Words of ours.
    pub fn topic(topic: impl Into<String>) -> Title {
        Title {
            topic: topic.into(),
            about: String::new(),
        }
    }

    /// A name.
    pub fn name(name: impl Into<String>) -> Title {
        Title::topic("").about(name)
    }

    /// The topic, with what it is about.
    pub fn about(self, about: impl Into<String>) -> Title {
        Title {
            about: about.into(),
            ..self
        }
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if self.topic.is_empty() || self.about.is_empty() {
            ""
        } else {
            " "
        };
        write!(f, "{}{gap}{}", self.topic, self.about)
    }
}

/// Whether something is good, by colour or style; the words say it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good.
    Good,
    /// Neither.
    Plain,
    /// With care.
    Caution,
    /// Bad.
    Bad,
}

/// The answer that a document gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The outcome in capitals, e.g. `FAILED`; empty where the action says it all.
    pub outcome: &'static str,
    /// How good it is.
    pub tone: Tone,
    /// What was found or is to be done, in a sentence.
    pub action: String,
    /// What it gains and costs, reasons, what to do next.
    pub leads: Vec<Lead>,
}

impl Verdict {
    /// The outcome and the action in one line.
    pub fn line(&self) -> String {
        match self.outcome {
            "" => self.action.clone(),
            outcome => format!("{outcome}: {}", self.action),
        }
    }
}

/// Words behind the name of what they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    /// The name, in small letters; empty where the words go on from the ones before.
    pub lead: String,
    /// The words.
    pub text: Text,
}

impl Lead {
    /// Words behind their name.
    pub fn new(lead: impl Into<String>, text: impl Into<Text>) -> Lead {
        Lead {
            lead: lead.into(),
            text: text.into(),
        }
    }
}

/// What fired, how severe that is, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The severity in a word.
    pub severity: &'static str,
    /// The same as a tone.
    pub tone: Tone,
    /// What was found.
    pub text: Text,
    /// Where it was seen.
    pub evidence: Evidence,
    /// What it comes from.
    pub cause: String,
    /// What to do, the cheapest first.
    pub next: Vec<String>,
    /// Where it does not hold, and where it is known from.
    pub notes: Vec<String>,
}

impl Finding {
    /// A finding that says all there is in one text.
    pub fn new(severity: &'static str, tone: Tone, text: impl Into<Text>) -> Finding {
        Finding {
            severity,
            tone,
            text: text.into(),
            evidence: Evidence::default(),
            cause: String::new(),
            next: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// The samples that show a finding.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// How many of how many, or what they are.
    pub summary: String,
    /// The samples with what each shows; may be empty.
    pub samples: Vec<String>,
    /// How many samples a brief format names; with none it leaves the summary out, too.
    pub most_brief: usize,
}
