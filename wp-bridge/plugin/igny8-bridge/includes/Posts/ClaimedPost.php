<?php
/**
 * The post of an article.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use WP_Error;
use WP_Post;

/**
 * Finds or creates the post of an article. A new post starts as an auto-draft, as in the WordPress editor:
 * it is not visible, and WordPress deletes it after a week if a crash leaves it behind.
 */
final class ClaimedPost {

	/** Stores the article key, so that the post is still recognized after its marker was removed from the content. */
	const META = '_igny8_key';

	/**
	 * Registers the hooks.
	 */
	public static function register_hooks(): void {
		add_action( 'pre_post_update', array( self::class, 'store_key' ) );
	}

	/**
	 * Adds the article key to posts in the REST API, in the edit context.
	 */
	public static function register_field(): void {
		register_rest_field(
			'post',
			'igny8_key',
			array(
				'get_callback' => static function ( array $post ): ?string {
					$found = get_post( $post['id'] );
					return $found instanceof WP_Post ? self::key_of( $found ) : null;
				},
				'schema'       => array(
					'description' => __( 'The key of the igny8 article that this post belongs to.', 'igny8-bridge' ),
					'type'        => array( 'string', 'null' ),
					'context'     => array( 'edit' ),
					'readonly'    => true,
				),
			)
		);
	}

	/**
	 * Returns the post of an article, which may be the auto-draft of an unfinished request, or null.
	 *
	 * @param string $key The article's key.
	 */
	public static function find( string $key ): ?WP_Post {
		$id   = Claims::post_id( $key );
		$post = $id ? get_post( $id ) : null;
		// After a partial database restore, the ID may belong to another post.
		return $post instanceof WP_Post && 'post' === $post->post_type && self::belongs_to( $post, $key ) ? $post : null;
	}

	/**
	 * Returns the post of an article, and creates it if it does not exist.
	 *
	 * @param string $key       The article's key.
	 * @param int    $candidate ID of a post created for this article without the plugin, or 0.
	 * @return WP_Post|WP_Error
	 */
	public static function ensure( string $key, int $candidate ) {
		$post = self::find( $key );
		if ( $post ) {
			return $post;
		}
		$known = Claims::post_id( $key );
		$id    = self::may_adopt( $candidate, $key ) ? $candidate : self::create_auto_draft( $key );
		if ( is_wp_error( $id ) ) {
			return $id;
		}
		if ( ! Claims::set_post_id( $key, $known, $id ) ) {
			if ( $id !== $candidate ) {
				wp_delete_post( $id, true );
			}
			return new WP_Error( 'igny8_in_progress', __( 'Another request is updating this post. Try again in a few seconds.', 'igny8-bridge' ), array( 'status' => 409 ) );
		}
		update_post_meta( $id, self::META, $key );
		return get_post( $id );
	}

	/**
	 * Whether a post belongs to the article and is not claimed by another article.
	 *
	 * @param int    $post_id The post ID, or 0.
	 * @param string $key     The article's key.
	 */
	private static function may_adopt( int $post_id, string $key ): bool {
		$post = $post_id ? get_post( $post_id ) : null;
		if ( ! $post || 'post' !== $post->post_type || ! self::belongs_to( $post, $key ) ) {
			return false;
		}
		$other = Claims::key_of( $post_id );
		return null === $other || $other === $key || ! self::belongs_to( $post, $other );
	}

	/**
	 * Whether a post belongs to the article, by its meta or else by the marker in its content.
	 *
	 * @param WP_Post $post The post.
	 * @param string  $key  The article's key.
	 */
	private static function belongs_to( WP_Post $post, string $key ): bool {
		$stored = (string) get_post_meta( $post->ID, self::META, true );
		if ( '' !== $stored ) {
			return $stored === $key;
		}
		return 1 === preg_match( '/(?<![\w-])igny8-' . preg_quote( $key, '/' ) . '(?![\w-])/', $post->post_content );
	}

	/**
	 * Returns the key of the article that a post belongs to, or null. A post created without the plugin is
	 * recognized by the marker in its content.
	 *
	 * @param WP_Post $post The post.
	 */
	public static function key_of( WP_Post $post ): ?string {
		$stored = (string) get_post_meta( $post->ID, self::META, true );
		if ( '' !== $stored ) {
			return $stored;
		}
		$marker = '/(?<![\w-])igny8-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])/';
		return preg_match( $marker, $post->post_content, $found ) ? $found[1] : null;
	}

	/**
	 * Stores the article key before a post is saved, because the new content may lack the marker.
	 *
	 * @param int $post_id The post ID.
	 */
	public static function store_key( int $post_id ): void {
		$post = get_post( $post_id );
		$key  = $post instanceof WP_Post && 'post' === $post->post_type ? self::key_of( $post ) : null;
		if ( null !== $key ) {
			update_post_meta( $post_id, self::META, $key );
		}
	}

	/**
	 * Creates an auto-draft by the current user.
	 *
	 * @param string $key The article's key.
	 * @return int|WP_Error
	 */
	private static function create_auto_draft( string $key ) {
		return wp_insert_post(
			array(
				'post_title'  => __( 'Auto Draft' ), // phpcs:ignore WordPress.WP.I18n.MissingArgDomain -- the title that WordPress gives an auto-draft.
				'post_type'   => 'post',
				'post_status' => 'auto-draft',
				'meta_input'  => array( self::META => $key ),
			),
			true
		);
	}
}
