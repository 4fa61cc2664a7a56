<?php
/**
 * Detects changes to the posts of articles.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Pairing\Pairing;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Posts\EditedPosts;
use WP_Post;

/**
 * Queues an event for each change to the post of an article, except changes made by igny8.
 */
final class PostWatcher {

	/**
	 * Registers the hooks.
	 */
	public static function register_hooks(): void {
		add_action( 'post_updated', array( self::class, 'updated' ), 10, 3 );
		add_action( 'transition_post_status', array( self::class, 'status_changed' ), 10, 3 );
		add_action( 'before_delete_post', array( self::class, 'deleted' ), 10, 2 );
	}

	/**
	 * Queues events for an edited text and a changed permalink.
	 *
	 * @param int     $id     The post ID.
	 * @param WP_Post $after  The post after the update.
	 * @param WP_Post $before The post before the update.
	 */
	public static function updated( int $id, WP_Post $after, WP_Post $before ): void {
		foreach ( array( 'post_title', 'post_content', 'post_excerpt' ) as $field ) {
			if ( $after->$field !== $before->$field ) {
				self::queue( 'post.edited', $after );
				break;
			}
		}
		if ( $after->post_name !== $before->post_name && $after->post_status === $before->post_status ) {
			self::queue( 'post.permalink_changed', $after );
		}
	}

	/**
	 * Queues an event for a changed status.
	 *
	 * @param string  $after  The new status.
	 * @param string  $before The old status.
	 * @param WP_Post $post   The post.
	 */
	public static function status_changed( string $after, string $before, WP_Post $post ): void {
		if ( $after !== $before ) {
			self::queue( 'trash' === $after ? 'post.trashed' : 'post.status_changed', $post );
		}
	}

	/**
	 * Queues an event for a permanently deleted post.
	 *
	 * @param int     $id   The post ID.
	 * @param WP_Post $post The post.
	 */
	public static function deleted( int $id, WP_Post $post ): void {
		self::queue( 'post.deleted', $post );
	}

	/**
	 * Queues an event if the post belongs to an article.
	 *
	 * @param string  $type Type of the event, for example post.edited.
	 * @param WP_Post $post The post.
	 */
	private static function queue( string $type, WP_Post $post ): void {
		if ( 'post' !== $post->post_type || self::is_igny8_request() ) {
			return;
		}
		$key = ClaimedPost::key_of( $post );
		if ( null !== $key ) {
			Outbox::add( $type, $post->ID, $key );
			if ( 'post.edited' === $type ) {
				EditedPosts::mark( $post->ID );
			}
		}
	}

	/**
	 * Whether igny8 makes this request: it authenticates with an application password of the user who paired.
	 * Also true if the site is not paired.
	 */
	private static function is_igny8_request(): bool {
		$pairing = Pairing::get();
		return null === $pairing
			|| ( null !== rest_get_authenticated_app_password() && get_current_user_id() === $pairing['user_id'] );
	}
}
