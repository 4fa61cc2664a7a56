/** Placeholders: title, html_content, count. */
export const IMAGE_PROMPT_EXTRACTION_PROMPT = `You choose the pictures of an article. Describe exactly {count} of them for an image model.

Title:
{title}

The article:
{html_content}

- The first picture stands at the top of the article and on social media: it shows what the whole article is about. Its heading is null.
- Each other picture stands under one h2 of the article and shows what that section says. Its heading is the text of that h2, exactly as in the article. Choose the sections where a picture helps most, no section twice, in the article's order.

prompt: 40 to 80 words in English, whatever the article's language. Say what is seen: the subject and what it does, where, from what distance and angle, in what light, with what mood and colours. Something that a photographer could have taken: concrete things and scenes, not symbols for ideas. The subject in the middle, with room around it, since the picture is cut to several shapes. No lettering, logos, brands, screens with text, charts, watermarks, famous people or collages. When people are seen, ordinary adults doing something.
alt_text: what the picture shows, for someone who cannot see it, in the language of the article, at most 125 characters, without "image of".
`
