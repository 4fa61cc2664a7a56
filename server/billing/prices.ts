/** Prices in credits. They do not depend on the provider. */
const KEYWORDS_PER_CREDIT = 30
export const ARTICLE_PRICE = 3
export const IMAGE_PRICE = 1
export const IDEA_PRICE = 1

/** 1 credit per 30 keywords, rounded up. */
export function clusteringPrice(keywords: number): number {
  return Math.ceil(keywords / KEYWORDS_PER_CREDIT)
}
