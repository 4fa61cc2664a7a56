<?php
/**
 * Receipt for the fields of a request.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\PlainText;
use Igny8\Bridge\Seo\SeoPlugins;

/**
 * Reports for each field whether WordPress applied, altered or dropped the sent value.
 */
final class Receipt {

	/**
	 * Returns one entry per field that was sent.
	 *
	 * @param array $post The post in the edit context.
	 * @param array $sent Values by field.
	 * @return array<int,array{field:string,state:string,note?:string}>
	 */
	public static function of( array $post, array $sent ): array {
		$entries = array();
		foreach ( PostsController::CORE_FIELDS as $field ) {
			if ( isset( $sent[ $field ] ) ) {
				$got       = $post[ $field ] ?? '';
				$entries[] = self::entry( $field, $sent[ $field ], is_array( $got ) && isset( $got['raw'] ) ? $got['raw'] : $got );
			}
		}
		foreach ( array_intersect_key( (array) ( $sent['seo'] ?? array() ), SeoPlugins::FIELDS ) as $field => $value ) {
			$stored    = SeoPlugins::read( $post['id'], $field );
			$entries[] = null === $stored
				? self::dropped( "seo_$field", __( 'No supported SEO plugin is active.', 'igny8-bridge' ) )
				: self::entry( "seo_$field", PlainText::single_line( $value ), $stored );
		}
		if ( isset( $sent['schema'] ) ) {
			$entries[] = self::entry( 'schema', StructuredData::clean( $sent['schema'] ), StructuredData::stored( $post['id'] ) );
		}
		return $entries;
	}

	/**
	 * Compares the sent and the stored value of a field.
	 *
	 * @param string $field Name of the field.
	 * @param mixed  $sent  The sent value.
	 * @param mixed  $got   The stored value.
	 */
	private static function entry( string $field, $sent, $got ): array {
		if ( self::canonical( $field, $sent ) === self::canonical( $field, $got ) ) {
			return array(
				'field' => $field,
				'state' => 'applied',
			);
		}
		if ( empty( $got ) ) {
			return self::dropped( $field, __( 'WordPress did not store the value.', 'igny8-bridge' ) );
		}
		return array(
			'field' => $field,
			'state' => 'altered',
			'note'  => __( 'WordPress or a plugin stored a different value.', 'igny8-bridge' ),
		);
	}

	/**
	 * Returns the entry of a field that was not stored.
	 *
	 * @param string $field Name of the field.
	 * @param string $note  The reason.
	 */
	private static function dropped( string $field, string $note ): array {
		return array(
			'field' => $field,
			'state' => 'dropped',
			'note'  => $note,
		);
	}

	/**
	 * Normalizes a value, so that equivalent values compare equal.
	 *
	 * @param string $field Name of the field.
	 * @param mixed  $value The value.
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
			return PlainText::decode( (string) $value );
		}
		return is_scalar( $value ) ? trim( (string) $value ) : (string) wp_json_encode( $value );
	}
}
