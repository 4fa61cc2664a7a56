<?php
/**
 * Posts edited in WordPress.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

/**
 * Tracks whether a post was edited in WordPress since igny8 last wrote it.
 */
final class EditedPosts {

	const META = '_igny8_edited_at';

	/**
	 * Marks a post as edited.
	 *
	 * @param int $post_id The post ID.
	 */
	public static function mark( int $post_id ): void {
		update_post_meta( $post_id, self::META, time() );
	}

	/**
	 * Removes the mark after igny8 has written the post.
	 *
	 * @param int $post_id The post ID.
	 */
	public static function unmark( int $post_id ): void {
		delete_post_meta( $post_id, self::META );
	}

	/**
	 * Whether the post was edited since igny8 last wrote it.
	 *
	 * @param int $post_id The post ID.
	 */
	public static function is_edited( int $post_id ): bool {
		return (bool) get_post_meta( $post_id, self::META, true );
	}
}
