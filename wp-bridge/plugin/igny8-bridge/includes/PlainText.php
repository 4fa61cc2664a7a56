<?php
/**
 * Conversion between plain text and HTML.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge;

/**
 * Prepares plain text from igny8 for fields that are printed as HTML: readers see the exact text, and no
 * tag, shortcode or template variable in it takes effect.
 */
final class PlainText {

	/**
	 * Removes control characters and collapses white space, so that the text is one line. Returns an empty
	 * string for invalid UTF-8.
	 *
	 * @param string $text Text.
	 */
	public static function single_line( string $text ): string {
		return trim( (string) preg_replace( '/\s+/u', ' ', self::clean( $text ) ) );
	}

	/**
	 * Removes control characters, but keeps line breaks. Returns an empty string for invalid UTF-8.
	 *
	 * @param string $text Text.
	 */
	public static function clean( string $text ): string {
		return (string) preg_replace( '/[\x00-\x08\x0b-\x1f\x7f]/', '', wp_check_invalid_utf8( $text ) );
	}

	/**
	 * Encodes text for a field of an SEO plugin, so that it contains no tags, no shortcodes and no template
	 * variables such as %%title%%, %title% and #post_title.
	 *
	 * @param string $text A single line of text.
	 */
	public static function to_seo_field( string $text ): string {
		$escaped = (string) preg_replace( '/&(?=#?\w+;)/', '&amp;', $text );
		$escaped = (string) preg_replace( '/#(?=[a-z_])/i', '&#35;', $escaped );
		$escaped = (string) preg_replace( '/%(?=[\w%])/', '&#37;', $escaped );
		return str_replace( array( '<', '>', '[' ), array( '&lt;', '&gt;', '&#091;' ), $escaped );
	}

	/**
	 * Encodes ampersands before esc_html() or esc_attr(), which leave existing entities as they are.
	 *
	 * @param string $text Text.
	 */
	public static function encode_ampersands( string $text ): string {
		return str_replace( '&', '&amp;', $text );
	}

	/**
	 * Decodes HTML that contains entities but no tags, as a single line.
	 *
	 * @param string $html HTML.
	 */
	public static function decode( string $html ): string {
		return self::single_line( html_entity_decode( $html, ENT_QUOTES | ENT_HTML5, 'UTF-8' ) );
	}

	/**
	 * Strips tags and decodes entities, as a single line.
	 *
	 * @param string $html HTML.
	 */
	public static function strip_tags( string $html ): string {
		return self::decode( wp_strip_all_tags( $html ) );
	}
}
