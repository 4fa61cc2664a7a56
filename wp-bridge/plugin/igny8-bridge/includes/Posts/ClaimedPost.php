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

	/**
	 * The article's post, the auto-draft of an unfinished attempt too, or null.
	 *
	 * @param string $key The article's key.
	 */
	public static function find( string $key ): ?WP_Post {
		$id   = Claims::post_id( $key );
		$post = $id ? get_post( $id ) : null;
		return $post instanceof WP_Post && 'post' === $post->post_type ? $post : null;
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
		$id    = self::is_of( $adopted, $key ) ? $adopted : self::make();
		if ( is_wp_error( $id ) ) {
			return $id;
		}
		if ( ! Claims::move( $key, $known, $id ) ) {
			if ( $id !== $adopted ) {
				wp_delete_post( $id, true );
			}
			return new WP_Error( 'igny8_in_progress', __( 'Another request is working on this post.', 'igny8-bridge' ), array( 'status' => 409 ) );
		}
		return get_post( $id );
	}

	/**
	 * Whether a post bears the article's mark, and is no other article's.
	 *
	 * @param int    $post_id The post.
	 * @param string $key     The article's key.
	 */
	private static function is_of( int $post_id, string $key ): bool {
		$post = $post_id ? get_post( $post_id ) : null;
		return $post && 'post' === $post->post_type && null === Claims::key_of( $post_id )
			&& preg_match( '/(?<![\w-])igny8-' . preg_quote( $key, '/' ) . '(?![\w-])/', $post->post_content );
	}

	/**
	 * The key of the article whose post this is, or null. A post that was made without the plugin is known
	 * by its mark.
	 *
	 * @param WP_Post $post The post.
	 */
	public static function key_of( WP_Post $post ): ?string {
		$mark = '/(?<![\w-])igny8-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])/';
		return Claims::key_of( $post->ID ) ?? ( preg_match( $mark, $post->post_content, $found ) ? $found[1] : null );
	}

	/**
	 * Makes an auto-draft of the current user's.
	 *
	 * @return int|WP_Error
	 */
	private static function make() {
		return wp_insert_post(
			array(
				'post_title'  => __( 'Auto Draft' ), // phpcs:ignore WordPress.WP.I18n.MissingArgDomain -- as WordPress's editor names it.
				'post_type'   => 'post',
				'post_status' => 'auto-draft',
			),
			true
		);
	}
}
