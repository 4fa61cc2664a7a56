<?php
/**
 * JSON-LD of articles and of their questions and answers.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\PlainText;
use Igny8\Bridge\Seo\SeoPlugins;
use WP_Post;

/**
 * Keeps what a post says of itself to search engines, and prints it. An article is described from the
 * post as it stands, and a question that a person took out of the text is not printed any more.
 */
final class StructuredData {

	const META = '_igny8_schema';

	/**
	 * Hooks in.
	 */
	public static function start(): void {
		add_action( 'wp_head', array( self::class, 'print' ) );
	}

	/**
	 * Keeps it; null leaves what is there.
	 *
	 * @param int        $post_id The post.
	 * @param array|null $schema  As PostArguments describes it.
	 */
	public static function store( int $post_id, ?array $schema ): void {
		if ( null !== $schema ) {
			update_post_meta( $post_id, self::META, wp_slash( self::clean( $schema ) ) );
		}
	}

	/**
	 * What is kept, or null.
	 *
	 * @param int $post_id The post.
	 */
	public static function stored( int $post_id ): ?array {
		$schema = get_post_meta( $post_id, self::META, true );
		return is_array( $schema ) ? $schema : null;
	}

	/**
	 * The same without what no field holds. It is text, which is encoded when it is printed.
	 *
	 * @param array $schema As PostArguments describes it.
	 */
	public static function clean( array $schema ): array {
		$faq = array();
		foreach ( $schema['faq'] ?? array() as $entry ) {
			$faq[] = array(
				'question' => PlainText::line( $entry['question'] ),
				'answer'   => trim( PlainText::clean( $entry['answer'] ) ),
			);
		}
		return array(
			'article' => ! empty( $schema['article'] ),
			'faq'     => $faq,
		);
	}

	/**
	 * Prints it into the head of a post's page.
	 */
	public static function print(): void {
		$post   = is_singular( 'post' ) ? get_post() : null;
		$schema = $post ? self::stored( $post->ID ) : null;
		if ( ! $schema || post_password_required( $post ) ) {
			return;
		}
		// SEO plugins describe the article themselves; two descriptions would be one too many.
		$article = $schema['article'] && ! SeoPlugins::names() ? self::article( $post ) : null;
		foreach ( array_filter( array( $article, self::faq( $post, $schema['faq'] ) ) ) as $graph ) {
			printf( "<script type=\"application/ld+json\">%s</script>\n", wp_json_encode( $graph, JSON_HEX_TAG | JSON_HEX_AMP | JSON_UNESCAPED_UNICODE ) ); // phpcs:ignore WordPress.Security.EscapeOutput -- encoded so that no tag can end it.
		}
	}

	/**
	 * The post as an Article.
	 *
	 * @param WP_Post $post The post.
	 */
	private static function article( WP_Post $post ): array {
		$image = get_the_post_thumbnail_url( $post, 'full' );
		return array_filter(
			array(
				'@context'         => 'https://schema.org',
				'@type'            => 'Article',
				'headline'         => PlainText::without_tags( get_the_title( $post ) ),
				'description'      => PlainText::without_tags( $post->post_excerpt ),
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
					'name'  => PlainText::of( get_bloginfo( 'name' ) ),
				),
			)
		);
	}

	/**
	 * The questions that still stand in the text as a FAQPage, or null.
	 *
	 * @param WP_Post $post The post.
	 * @param array   $faq  Questions with answers.
	 */
	private static function faq( WP_Post $post, array $faq ): ?array {
		$text     = PlainText::without_tags( $post->post_content );
		$entities = array();
		foreach ( $faq as $entry ) {
			if ( false !== strpos( $text, PlainText::line( $entry['question'] ) ) ) {
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
