/** Placeholders: keywords (pairs of number and keyword), existing_clusters. */
export const CLUSTERING_PROMPT = `You plan the content of a website. Group its keywords into clusters, each of which one hub page and its supporting articles can serve.

Keywords, each with its number:
{keywords}

Clusters that the site has already, with some of their keywords:
{existing_clusters}

How to group:
- Put keywords together when the same person, with the same need, would search for them and one page could answer them: same topic and same search intent. Shared words alone do not make a cluster, and different words for one thing do.
- Keep apart what needs different pages: someone learning ("how to clean hiking boots") from someone buying ("best hiking boots"), one product kind from another.
- When a keyword fits a cluster that exists, put it there and give that cluster's name exactly as it is written above. Otherwise make a new cluster.
- A new cluster should hold 3 to 15 keywords. Split larger ones by subtopic. Make one of a single keyword only when nothing else comes near it.
- Every keyword number goes into exactly one cluster. Leave out only what is no search at all, such as stray characters. Never make up a number.

For each cluster:
- name: 2 to 5 words that a site owner would use for the topic, in the language of its keywords, in sentence case, without "cluster", "keywords" or quotation marks. No two clusters share a name.
- description: one or two sentences that say what these searchers want and what a page must give them.
- keyword_ids: the numbers.
`
