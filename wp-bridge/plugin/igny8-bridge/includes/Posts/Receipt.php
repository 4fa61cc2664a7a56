<?php
/**
 * What became of each field that was sent.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\PlainText;
use Igny8\Bridge\Seo\SeoPlugins;

/**
 * Compares what was sent with what WordPress stored.
 */
final class Receipt {

	/**
	 * A line for each field that was sent.
	 *
	 * @param array $post As WordPress's controller shows it to editors.
	 * @param array $sent Values by field.
	 * @return array<int,array{field:string,state:string,note?:string}>
	 */
	public static function of( array $post, array $sent ): array {
		$lines = array();
		foreach ( PostsController::CORE_FIELDS as $field ) {
			if ( isset( $sent[ $field ] ) ) {
				$got     = $post[ $field ] ?? '';
				$lines[] = self::line( $field, $sent[ $field ], is_array( $got ) && isset( $got['raw'] ) ? $got['raw'] : $got );
			}
		}
		foreach ( array_intersect_key( (array) ( $sent['seo'] ?? array() ), SeoPlugins::FIELDS ) as $field => $value ) {
			$stored  = SeoPlugins::read( $post['id'], $field );
			$lines[] = null === $stored
				? self::dropped( "seo_$field", __( 'No SEO plugin that takes it is active.', 'igny8-bridge' ) )
				: self::line( "seo_$field", PlainText::line( $value ), $stored );
		}
		if ( isset( $sent['schema'] ) ) {
			$lines[] = self::line( 'schema', StructuredData::clean( $sent['schema'] ), StructuredData::stored( $post['id'] ) );
		}
		return $lines;
	}

	/**
	 * Applied, altered, or dropped.
	 *
	 * @param string $field Its name.
	 * @param mixed  $sent  As it was sent.
	 * @param mixed  $got   As it is stored.
	 */
	private static function line( string $field, $sent, $got ): array {
		if ( self::canonical( $field, $sent ) === self::canonical( $field, $got ) ) {
			return array(
				'field' => $field,
				'state' => 'applied',
			);
		}
		if ( empty( $got ) ) {
			return self::dropped( $field, __( 'WordPress did not store it.', 'igny8-bridge' ) );
		}
		return array(
			'field' => $field,
			'state' => 'altered',
			'note'  => __( 'WordPress or a plugin stored something else.', 'igny8-bridge' ),
		);
	}

	/**
	 * A line for what was not stored.
	 *
	 * @param string $field Its name.
	 * @param string $note  Why.
	 */
	private static function dropped( string $field, string $note ): array {
		return array(
			'field' => $field,
			'state' => 'dropped',
			'note'  => $note,
		);
	}

	/**
	 * The same for what means the same.
	 *
	 * @param string $field Its name.
	 * @param mixed  $value Its value.
	 */
	private static function canonical( string $field, $value ): string {
		if ( 'date_gmt' === $field ) {
			return (string) rest_parse_date( $value . ( preg_match( '/(Z|[+-]\d\d:?\d\d)$/', (string) $value ) ? '' : 'Z' ) );
		}
		if ( 'categories' === $field || 'tags' === $field ) {
			$value = array_map( 'intval', (array) $value );
			sort( $value );
		}
		if ( 'title' === $field || 'excerpt' === $field ) {
			return PlainText::of( (string) $value );
		}
		return is_scalar( $value ) ? trim( (string) $value ) : (string) wp_json_encode( $value );
	}
}
