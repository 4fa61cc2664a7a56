<?php
/**
 * The SEO title and description of a post, where SEO plugins keep them.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Seo;

use Igny8\Bridge\PlainText;

/**
 * Writes to whichever of the known SEO plugins are active.
 */
final class SeoPlugins {

	/** The fields, and what each plugin that keeps them in post meta calls them. */
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

	/** The constant that each defines. */
	const CONSTANTS = array(
		'yoast'     => 'WPSEO_VERSION',
		'rank_math' => 'RANK_MATH_VERSION',
		'seopress'  => 'SEOPRESS_VERSION',
		'aioseo'    => 'AIOSEO_VERSION',
	);

	/** All in One SEO 4 keeps its fields in a table, and copies in post meta. */
	const AIOSEO_MODEL = '\AIOSEO\Plugin\Common\Models\Post';

	/**
	 * Those that are active.
	 *
	 * @return string[] Of the keys of CONSTANTS.
	 */
	public static function names(): array {
		return array_keys( array_filter( self::CONSTANTS, 'defined' ) );
	}

	/**
	 * Stores the fields that are given.
	 *
	 * @param int   $post_id The post.
	 * @param array $values  Texts by the keys of FIELDS.
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
	 * A text as it is stored.
	 *
	 * @param string $text As the service sent it.
	 */
	private static function encode( string $text ): string {
		return PlainText::to_seo_field( PlainText::line( $text ) );
	}

	/**
	 * What is stored, as the first active plugin has it and a reader sees it, or null when none is active.
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
			return PlainText::of( (string) call_user_func( array( self::AIOSEO_MODEL, 'getPost' ), $post_id )->$field );
		}
		return PlainText::of( (string) get_post_meta( $post_id, self::FIELDS[ $field ][ $names[0] ], true ) );
	}
}
