use super::word::word;

word! {
    /// Who asked for a pass.
    #[derive(utoipa::ToSchema)]
    pub enum Trigger: "a trigger" in "lowercase" {
        /// `mecris-agent run`.
        Cli,
        /// The daemon's scheduler.
        Schedule,
        /// An endpoint.
        Http,
    }
}

word! {
    /// How a pass ended.
    #[derive(utoipa::ToSchema)]
    pub enum RunOutcome: "an outcome of a pass" in "lowercase" {
        /// Everything that the pass needs could be read.
        Done,
        /// Something could not be read.
        Unknown,
        /// The pass itself failed and was not recorded.
        Failed,
    }
}
