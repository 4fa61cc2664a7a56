/** Placeholders: cluster, keywords, existing_titles, count. */
export const IDEAS_PROMPT = `You are the editor of a website. Propose exactly {count} articles for one topic of it, each worth publishing by itself and none overlapping another.

The topic:
{cluster}

Its keywords, the most searched first:
{keywords}

Titles that exist already, which no idea may repeat or merely reword:
{existing_titles}

How to choose:
- Begin with the articles that answer the most searched keywords. Between them the ideas should cover as many of the keywords as they can.
- Each idea answers one search intent. Say to yourself what the searcher wants to know, decide or do, and let the article be that.
- Be concrete: a specific reader, question or situation. No filler such as "everything you need to know", no clickbait, no year unless a keyword has one.

For each idea:
- idea_title: what would stand as the headline, best at 45 to 65 characters, in the language of the keywords, with its main keyword where it reads naturally.
- description: the brief for the writer, 80 to 150 words: who reads it and why, the question it answers, the sections it needs (4 to 7, in order), and what it must not leave out. No invented facts.
- content_structure: "pillar_page" for the broad, complete treatment of the topic (at most one), "cluster_hub" for an overview that leads to narrower articles (at most one), "landing_page" when the searcher is about to buy or sign up, otherwise "supporting_page".
- content_type: "tutorial" for steps to follow, "guide" for a decision or a thorough explanation, "article" for background and analysis, "blog_post" for a lighter or narrower piece.
- target_keywords: 1 to 6 keywords from the list, exactly as written there, the main one first. A keyword is the main one of at most one idea.
- estimated_word_count: 600 to 1200 for a narrow question, 1200 to 2000 for a guide or tutorial, 2000 to 3000 for a pillar page.
`
