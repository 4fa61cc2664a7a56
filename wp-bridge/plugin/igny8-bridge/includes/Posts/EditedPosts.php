<?php
/**
 * Which posts of articles people have edited.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

/**
 * Marks a post that was edited here since the service wrote it last.
 */
final class EditedPosts {

	const META = '_igny8_edited_at';

	/**
	 * A person edited it.
	 *
	 * @param int $post_id The post.
	 */
	public static function mark( int $post_id ): void {
		update_post_meta( $post_id, self::META, time() );
	}

	/**
	 * The service wrote it.
	 *
	 * @param int $post_id The post.
	 */
	public static function unmark( int $post_id ): void {
		delete_post_meta( $post_id, self::META );
	}

	/**
	 * Whether a person edited it since.
	 *
	 * @param int $post_id The post.
	 */
	public static function is_edited( int $post_id ): bool {
		return (bool) get_post_meta( $post_id, self::META, true );
	}
}
