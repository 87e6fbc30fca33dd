import { escapeUTF8 } from 'entities'

/** Text as HTML content or attribute value. */
export const escapeHtml = (text: unknown): string => escapeUTF8(String(text))
