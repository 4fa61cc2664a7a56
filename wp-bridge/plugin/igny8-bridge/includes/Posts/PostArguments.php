<?php
/**
 * Arguments of PUT igny8/v1/posts/{key}.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

/**
 * Schema of the arguments, which the REST server validates.
 */
final class PostArguments {

	/**
	 * Returns all arguments. The core posts controller validates its own fields again.
	 */
	public static function all(): array {
		$ids = array(
			'type'     => 'array',
			'items'    => array( 'type' => 'integer' ),
			'maxItems' => 200,
		);
		return array(
			'title'          => self::text( 1000 ),
			'content'        => self::text( 5000000 ),
			'excerpt'        => self::text( 50000 ),
			'slug'           => self::text( 200 ),
			'status'         => array(
				'type' => 'string',
				'enum' => array( 'publish', 'future', 'draft', 'pending', 'private' ),
			),
			'date_gmt'       => array(
				'type'   => 'string',
				'format' => 'date-time',
			),
			'featured_media' => array( 'type' => 'integer' ),
			'categories'     => $ids,
			'tags'           => $ids,
			'author'         => array( 'type' => 'integer' ),
			'post_id'        => array(
				'description' => 'ID of a post created for this article without the plugin.',
				'type'        => 'integer',
			),
			'unless_changed' => array(
				'description' => 'Hash of the version the caller last read: SHA-256 of the raw title, content and excerpt, joined by NUL.',
				'type'        => 'string',
				'pattern'     => '^[0-9a-f]{64}$',
			),
			'seo'            => array(
				'type'                 => 'object',
				'additionalProperties' => false,
				'properties'           => array(
					'title'       => self::text( 500 ),
					'description' => self::text( 1000 ),
				),
			),
			'schema'         => self::schema(),
		);
	}

	/**
	 * Structured data: whether to print an Article, and the questions and answers of the FAQPage.
	 */
	private static function schema(): array {
		return array(
			'type'                 => 'object',
			'additionalProperties' => false,
			'properties'           => array(
				'article' => array( 'type' => 'boolean' ),
				'faq'     => array(
					'type'     => 'array',
					'maxItems' => 50,
					'items'    => array(
						'type'                 => 'object',
						'additionalProperties' => false,
						'required'             => array( 'question', 'answer' ),
						'properties'           => array(
							'question' => self::text( 1000 ),
							'answer'   => self::text( 10000 ),
						),
					),
				),
			),
		);
	}

	/**
	 * A string of limited length.
	 *
	 * @param int $max_length In characters.
	 */
	private static function text( int $max_length ): array {
		return array(
			'type'      => 'string',
			'maxLength' => $max_length,
		);
	}
}
