<?php
/**
 * The post of an article, found or made.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use WP_Error;
use WP_Post;

/**
 * Makes sure that an article has one post. A new one is an auto-draft, as WordPress's editor makes it:
 * nobody sees it, and WordPress removes it if a crash leaves it behind.
 */
final class ClaimedPost {

	/** Whose post it is, also once a person has taken the mark out of its text. */
	const META = '_igny8_key';

	/**
	 * Hooks in.
	 */
	public static function start(): void {
		add_action( 'pre_post_update', array( self::class, 'keep_key' ) );
	}

	/**
	 * Tells who may edit a post whose it is, beside what WordPress's own controller tells.
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
					'description' => __( 'The key of the igny8 article whose post this is.', 'igny8-bridge' ),
					'type'        => array( 'string', 'null' ),
					'context'     => array( 'edit' ),
					'readonly'    => true,
				),
			)
		);
	}

	/**
	 * The article's post, the auto-draft of an unfinished attempt too, or null.
	 *
	 * @param string $key The article's key.
	 */
	public static function find( string $key ): ?WP_Post {
		$id   = Claims::post_id( $key );
		$post = $id ? get_post( $id ) : null;
		// A database that was restored in part may have given the id to another post.
		return $post instanceof WP_Post && 'post' === $post->post_type && self::bears( $post, $key ) ? $post : null;
	}

	/**
	 * The article's post, which is made if there is none.
	 *
	 * @param string $key     The article's key.
	 * @param int    $adopted A post that was made of the article without the plugin, or 0.
	 * @return WP_Post|WP_Error
	 */
	public static function ensure( string $key, int $adopted ) {
		$post = self::find( $key );
		if ( $post ) {
			return $post;
		}
		$known = Claims::post_id( $key );
		$id    = self::may_adopt( $adopted, $key ) ? $adopted : self::make( $key );
		if ( is_wp_error( $id ) ) {
			return $id;
		}
		if ( ! Claims::move( $key, $known, $id ) ) {
			if ( $id !== $adopted ) {
				wp_delete_post( $id, true );
			}
			return new WP_Error( 'igny8_in_progress', __( 'Another request is working on this post.', 'igny8-bridge' ), array( 'status' => 409 ) );
		}
		update_post_meta( $id, self::META, $key );
		return get_post( $id );
	}

	/**
	 * Whether a post is the article's, and no other article has it.
	 *
	 * @param int    $post_id The post.
	 * @param string $key     The article's key.
	 */
	private static function may_adopt( int $post_id, string $key ): bool {
		$post = $post_id ? get_post( $post_id ) : null;
		if ( ! $post || 'post' !== $post->post_type || ! self::bears( $post, $key ) ) {
			return false;
		}
		$other = Claims::key_of( $post_id );
		return null === $other || $other === $key || ! self::bears( $post, $other );
	}

	/**
	 * Whether a post is the article's: as it was noted, else by the mark in its text.
	 *
	 * @param WP_Post $post The post.
	 * @param string  $key  The article's key.
	 */
	private static function bears( WP_Post $post, string $key ): bool {
		$noted = (string) get_post_meta( $post->ID, self::META, true );
		if ( '' !== $noted ) {
			return $noted === $key;
		}
		return 1 === preg_match( '/(?<![\w-])igny8-' . preg_quote( $key, '/' ) . '(?![\w-])/', $post->post_content );
	}

	/**
	 * The key of the article whose post this is, or null. A post that was made without the plugin is known
	 * by its mark.
	 *
	 * @param WP_Post $post The post.
	 */
	public static function key_of( WP_Post $post ): ?string {
		$noted = (string) get_post_meta( $post->ID, self::META, true );
		if ( '' !== $noted ) {
			return $noted;
		}
		$mark = '/(?<![\w-])igny8-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])/';
		return preg_match( $mark, $post->post_content, $found ) ? $found[1] : null;
	}

	/**
	 * Notes whose post it is before it is changed: what is saved may lack the mark.
	 *
	 * @param int $post_id The post.
	 */
	public static function keep_key( int $post_id ): void {
		$post = get_post( $post_id );
		$key  = $post instanceof WP_Post && 'post' === $post->post_type ? self::key_of( $post ) : null;
		if ( null !== $key ) {
			update_post_meta( $post_id, self::META, $key );
		}
	}

	/**
	 * Makes an auto-draft of the current user's.
	 *
	 * @param string $key The article's key.
	 * @return int|WP_Error
	 */
	private static function make( string $key ) {
		return wp_insert_post(
			array(
				'post_title'  => __( 'Auto Draft' ), // phpcs:ignore WordPress.WP.I18n.MissingArgDomain -- as WordPress's editor names it.
				'post_type'   => 'post',
				'post_status' => 'auto-draft',
				'meta_input'  => array( self::META => $key ),
			),
			true
		);
	}
}
