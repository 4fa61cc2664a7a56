<?php
/**
 * Structured data (JSON-LD) of posts.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\PlainText;
use Igny8\Bridge\Seo\SeoPlugins;
use WP_Post;

/**
 * Stores the structured data of a post and prints it as JSON-LD. The Article is built from the current post,
 * and the FAQPage only contains questions that are still in the content.
 */
final class StructuredData {

	const META = '_igny8_schema';

	/**
	 * Registers the hooks.
	 */
	public static function register_hooks(): void {
		add_action( 'wp_head', array( self::class, 'print' ) );
	}

	/**
	 * Stores the structured data. Null keeps the stored data.
	 *
	 * @param int        $post_id The post ID.
	 * @param array|null $schema  Structured data as described in PostArguments.
	 */
	public static function store( int $post_id, ?array $schema ): void {
		if ( null !== $schema ) {
			update_post_meta( $post_id, self::META, wp_slash( self::clean( $schema ) ) );
		}
	}

	/**
	 * Returns the stored structured data, or null.
	 *
	 * @param int $post_id The post ID.
	 */
	public static function stored( int $post_id ): ?array {
		$schema = get_post_meta( $post_id, self::META, true );
		return is_array( $schema ) ? $schema : null;
	}

	/**
	 * Sanitizes structured data. The values are plain text and are encoded when printed.
	 *
	 * @param array $schema Structured data as described in PostArguments.
	 */
	public static function clean( array $schema ): array {
		$faq = array();
		foreach ( $schema['faq'] ?? array() as $entry ) {
			$faq[] = array(
				'question' => PlainText::single_line( $entry['question'] ),
				'answer'   => trim( PlainText::clean( $entry['answer'] ) ),
			);
		}
		return array(
			'article' => ! empty( $schema['article'] ),
			'faq'     => $faq,
		);
	}

	/**
	 * Prints the JSON-LD in the head of a single post.
	 */
	public static function print(): void {
		$post   = is_singular( 'post' ) ? get_post() : null;
		$schema = $post ? self::stored( $post->ID ) : null;
		if ( ! $schema || post_password_required( $post ) ) {
			return;
		}
		// SEO plugins print an Article of their own.
		$article = $schema['article'] && ! SeoPlugins::names() ? self::article( $post ) : null;
		foreach ( array_filter( array( $article, self::faq( $post, $schema['faq'] ) ) ) as $graph ) {
			printf( "<script type=\"application/ld+json\">%s</script>\n", wp_json_encode( $graph, JSON_HEX_TAG | JSON_HEX_AMP | JSON_UNESCAPED_UNICODE ) ); // phpcs:ignore WordPress.Security.EscapeOutput -- JSON_HEX_TAG keeps the JSON from closing the script element.
		}
	}

	/**
	 * Describes the post as an Article.
	 *
	 * @param WP_Post $post The post.
	 */
	private static function article( WP_Post $post ): array {
		$image = get_the_post_thumbnail_url( $post, 'full' );
		return array_filter(
			array(
				'@context'         => 'https://schema.org',
				'@type'            => 'Article',
				'headline'         => PlainText::strip_tags( get_the_title( $post ) ),
				'description'      => PlainText::strip_tags( $post->post_excerpt ),
				'datePublished'    => get_post_time( 'c', true, $post ),
				'dateModified'     => get_post_modified_time( 'c', true, $post ),
				'mainEntityOfPage' => get_permalink( $post ),
				'image'            => $image ? array( $image ) : null,
				'author'           => array(
					'@type' => 'Person',
					'name'  => get_the_author_meta( 'display_name', (int) $post->post_author ),
				),
				'publisher'        => array(
					'@type' => 'Organization',
					'name'  => PlainText::decode( get_bloginfo( 'name' ) ),
				),
			)
		);
	}

	/**
	 * Describes the questions that are still in the content as a FAQPage. Returns null if there are none.
	 *
	 * @param WP_Post $post The post.
	 * @param array   $faq  Questions and answers.
	 */
	private static function faq( WP_Post $post, array $faq ): ?array {
		$text     = PlainText::strip_tags( $post->post_content );
		$entities = array();
		foreach ( $faq as $entry ) {
			if ( false !== strpos( $text, PlainText::single_line( $entry['question'] ) ) ) {
				$entities[] = array(
					'@type'          => 'Question',
					'name'           => $entry['question'],
					'acceptedAnswer' => array(
						'@type' => 'Answer',
						'text'  => $entry['answer'],
					),
				);
			}
		}
		return $entities ? array(
			'@context'   => 'https://schema.org',
			'@type'      => 'FAQPage',
			'mainEntity' => $entities,
		) : null;
	}
}
