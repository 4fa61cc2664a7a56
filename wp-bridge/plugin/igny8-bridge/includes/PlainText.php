<?php
/**
 * Text in fields that WordPress or a plugin prints as HTML.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge;

/**
 * The service sends text. Where it is printed as HTML it must read exactly so, and nothing in it may act.
 */
final class PlainText {

	/**
	 * On one line, without what no field holds: control characters and invalid UTF-8.
	 *
	 * @param string $text Text.
	 */
	public static function line( string $text ): string {
		return trim( (string) preg_replace( '/\s+/u', ' ', self::clean( $text ) ) );
	}

	/**
	 * The same with its lines.
	 *
	 * @param string $text Text.
	 */
	public static function clean( string $text ): string {
		return (string) preg_replace( '/[\x00-\x08\x0b-\x1f\x7f]/', '', wp_check_invalid_utf8( $text, true ) );
	}

	/**
	 * For a field of an SEO plugin: no tag, no shortcode, and none of the variables that these plugins fill
	 * in, such as %%title%%, %title% and #post_title.
	 *
	 * @param string $text Text on one line.
	 */
	public static function to_seo_field( string $text ): string {
		$escaped = (string) preg_replace( '/&(?=#?\w+;)/', '&amp;', $text );
		$escaped = (string) preg_replace( '/#(?=[a-z_])/i', '&#35;', $escaped );
		$escaped = (string) preg_replace( '/%(?=[\w%])/', '&#37;', $escaped );
		return str_replace( array( '<', '>', '[' ), array( '&lt;', '&gt;', '&#091;' ), $escaped );
	}

	/**
	 * For esc_html() and esc_attr(), which take what looks like an entity for one.
	 *
	 * @param string $text Text.
	 */
	public static function literal( string $text ): string {
		return str_replace( '&', '&amp;', $text );
	}

	/**
	 * What a reader sees of HTML that holds text alone.
	 *
	 * @param string $html HTML.
	 */
	public static function of( string $html ): string {
		return self::line( html_entity_decode( $html, ENT_QUOTES | ENT_HTML5, 'UTF-8' ) );
	}

	/**
	 * What a reader sees of HTML with tags.
	 *
	 * @param string $html HTML.
	 */
	public static function without_tags( string $html ): string {
		return self::of( wp_strip_all_tags( $html ) );
	}
}
