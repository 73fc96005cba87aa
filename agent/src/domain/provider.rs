use super::word::word;

word! {
    /// An LLM provider with a budget row of its own. Every list of providers has this order.
    #[derive(PartialOrd, Ord, Hash)]
    pub enum Provider: "a provider" in "lowercase" {
        /// Anthropic (Claude).
        Anthropic,
        /// Groq.
        Groq,
    }
}
