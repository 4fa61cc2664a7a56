/** Placeholders: title, description, keywords, cluster, content_structure, content_type, word_count. */
export const CONTENT_GENERATION_PROMPT = `You write for a website whose readers are busy and know when they are being padded. Write the article below, ready to publish.

Title:
{title}

Brief:
{description}

Keywords, the main one first:
{keywords}

Topic it belongs to:
{cluster}

Its place on the site:
{content_structure}

Its kind:
{content_type}

Length: about {word_count} words.

How to write:
- In the language of the title. In the voice of someone who knows the subject and talks to one reader; short sentences, active verbs, plain words.
- The first paragraph answers the title's question or says what the reader will get, with the main keyword in it. No "in today's world", no "in this article we will".
- Then sections in the order in which the reader needs them. Each has something to say that the others have not: an explanation, a step, a comparison, an example, a mistake to avoid. Headings say what the section says.
- Use the keywords where they belong and their natural variants elsewhere; never force or repeat one.
- A "pillar_page" covers the topic broadly and completely; a "cluster_hub" introduces each subtopic in short; a "landing_page" leads to one decision; a "supporting_page" answers one question in depth. A "tutorial" has numbered steps, a "guide" weighs choices.
- State only what is generally known to be true. Make up no statistic, study, price, quotation, person, brand, test result or experience. Where something depends on circumstances, say on which. On health, law or money, say when to ask a professional.
- Close with what to do next, not with a summary that begins with "In conclusion".

html_content: the body as HTML.
- Only these elements: h2, h3, p, ul, ol, li, table, thead, tbody, tr, th, td, blockquote, strong, em, code. No attributes. No h1: the site shows the title. No html, head, body, div, img, a, script or style, no Markdown, no shortcodes.
- 4 to 8 h2 sections; h3 only under an h2 that needs parts. Text always stands in a p, li, td, th or blockquote.
- Use a list for steps or true enumerations and a table to compare things by the same points; otherwise paragraphs of 2 to 4 sentences.

meta_title: at most 60 characters counted with spaces, best 45 to 58; the main keyword early; what makes one click, honestly.
meta_description: at most 160 characters counted with spaces, best 130 to 155; what the reader gets, in one or two full sentences.
slug: 2 to 6 lower-case words of the title joined by hyphens, only a-z, 0-9 and hyphens; letters of other alphabets transliterated.
excerpt: one or two sentences, at most 300 characters, that make a reader of a list of posts open this one. Not a copy of the meta description.
`
