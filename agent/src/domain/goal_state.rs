use super::word::word;

word! {
    /// Whether a goal can derail.
    pub enum GoalState: "a state of a goal" in "lowercase" {
        /// The goal can derail.
        Active,
        /// The goal has derailed or is paused, and must be restarted first.
        Frozen,
        /// The goal is finished.
        Won,
        /// The goal was archived.
        Archived,
    }
}
