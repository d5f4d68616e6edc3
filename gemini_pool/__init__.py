"""gemini_pool: Gemini Business seats behind one OpenAI-compatible address."""
