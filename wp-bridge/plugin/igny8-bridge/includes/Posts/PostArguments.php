<?php
/**
 * What PUT igny8/v1/posts/{key} takes.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

/**
 * The arguments, as WordPress's REST server checks them.
 */
final class PostArguments {

	/**
	 * Every argument; those of WordPress's own controller are checked again there.
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
				'description' => 'The post that the article has already, made without the plugin.',
				'type'        => 'integer',
			),
			'unless_changed' => array(
				'description' => 'SHA-256 of title, content and excerpt, joined by NUL, as they were looked at.',
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
	 * Structured data: whether the page says that it is an article, and its questions with answers.
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
	 * A text.
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
