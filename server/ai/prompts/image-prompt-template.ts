/** Placeholders: prompt, alt_text, title, negative_prompt. */
export const IMAGE_PROMPT_TEMPLATE = `{prompt}

An editorial photograph for a blog article titled "{title}". Wide format, natural light, realistic colours and materials, sharp subject in the middle of the frame with calm space around it.

Must not appear: {negative_prompt}.
`
