/** No placeholders: what no picture should show. */
export const NEGATIVE_PROMPT =
  'text, letters, numbers, captions, logos, brand names, watermarks, signatures, frames, collages, user interfaces, distorted hands or faces, extra limbs, blur, low resolution'
