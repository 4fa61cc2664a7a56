<?php
/**
 * SEO titles and descriptions.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Seo;

use Igny8\Bridge\PlainText;

/**
 * Reads and writes the SEO title and description of a post in the active SEO plugins.
 */
final class SeoPlugins {

	/** Meta keys by field and plugin. */
	const FIELDS = array(
		'title'       => array(
			'yoast'     => '_yoast_wpseo_title',
			'rank_math' => 'rank_math_title',
			'seopress'  => '_seopress_titles_title',
			'aioseo'    => '_aioseo_title',
		),
		'description' => array(
			'yoast'     => '_yoast_wpseo_metadesc',
			'rank_math' => 'rank_math_description',
			'seopress'  => '_seopress_titles_desc',
			'aioseo'    => '_aioseo_description',
		),
	);

	/** The constant that each plugin defines while it is active. */
	const CONSTANTS = array(
		'yoast'     => 'WPSEO_VERSION',
		'rank_math' => 'RANK_MATH_VERSION',
		'seopress'  => 'SEOPRESS_VERSION',
		'aioseo'    => 'AIOSEO_VERSION',
	);

	/** All in One SEO 4 reads its fields from a table of its own; its post meta are only copies. */
	const AIOSEO_MODEL = '\AIOSEO\Plugin\Common\Models\Post';

	/**
	 * Returns the active SEO plugins.
	 *
	 * @return string[] Keys of CONSTANTS.
	 */
	public static function names(): array {
		return array_keys( array_filter( self::CONSTANTS, 'defined' ) );
	}

	/**
	 * Stores the given fields in every active SEO plugin.
	 *
	 * @param int   $post_id The post.
	 * @param array $values  Plain text by field (a key of FIELDS).
	 */
	public static function store( int $post_id, array $values ): void {
		$values = array_map( array( self::class, 'encode' ), array_intersect_key( $values, self::FIELDS ) );
		foreach ( self::names() as $name ) {
			foreach ( $values as $field => $value ) {
				update_post_meta( $post_id, self::FIELDS[ $field ][ $name ], wp_slash( $value ) );
			}
		}
		if ( $values && class_exists( self::AIOSEO_MODEL ) ) {
			$row          = call_user_func( array( self::AIOSEO_MODEL, 'getPost' ), $post_id );
			$row->post_id = $post_id;
			foreach ( $values as $field => $value ) {
				$row->$field = $value;
			}
			$row->save();
		}
	}

	/**
	 * Encodes plain text for storage.
	 *
	 * @param string $text The plain text that igny8 sent.
	 */
	private static function encode( string $text ): string {
		return PlainText::to_seo_field( PlainText::single_line( $text ) );
	}

	/**
	 * Returns a field of the first active SEO plugin as plain text, or null if no SEO plugin is active.
	 *
	 * @param int    $post_id The post.
	 * @param string $field   A key of FIELDS.
	 */
	public static function read( int $post_id, string $field ): ?string {
		$names = self::names();
		if ( ! $names ) {
			return null;
		}
		if ( 'aioseo' === $names[0] && class_exists( self::AIOSEO_MODEL ) ) {
			return PlainText::decode( (string) call_user_func( array( self::AIOSEO_MODEL, 'getPost' ), $post_id )->$field );
		}
		return PlainText::decode( (string) get_post_meta( $post_id, self::FIELDS[ $field ][ $names[0] ], true ) );
	}
}
