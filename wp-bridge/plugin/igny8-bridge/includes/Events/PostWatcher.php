<?php
/**
 * Notices what people do to the posts of articles.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\Pairing\Pairing;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Posts\EditedPosts;
use WP_Post;

/**
 * Queues an event for each change that the service did not make itself.
 */
final class PostWatcher {

	/**
	 * Hooks in.
	 */
	public static function start(): void {
		add_action( 'post_updated', array( self::class, 'updated' ), 10, 3 );
		add_action( 'transition_post_status', array( self::class, 'moved' ), 10, 3 );
		add_action( 'before_delete_post', array( self::class, 'deleted' ), 10, 2 );
	}

	/**
	 * A post was saved.
	 *
	 * @param int     $id     Its id.
	 * @param WP_Post $after  As it is now.
	 * @param WP_Post $before As it was.
	 */
	public static function updated( int $id, WP_Post $after, WP_Post $before ): void {
		foreach ( array( 'post_title', 'post_content', 'post_excerpt' ) as $field ) {
			if ( $after->$field !== $before->$field ) {
				self::tell( 'post.edited', $after );
				break;
			}
		}
		if ( $after->post_name !== $before->post_name && $after->post_status === $before->post_status ) {
			self::tell( 'post.permalink_changed', $after );
		}
	}

	/**
	 * A post changed its status.
	 *
	 * @param string  $after  The status it has now.
	 * @param string  $before The one it had.
	 * @param WP_Post $post   The post.
	 */
	public static function moved( string $after, string $before, WP_Post $post ): void {
		if ( $after !== $before ) {
			self::tell( 'trash' === $after ? 'post.trashed' : 'post.status_changed', $post );
		}
	}

	/**
	 * A post is about to be deleted for good.
	 *
	 * @param int     $id   Its id.
	 * @param WP_Post $post The post.
	 */
	public static function deleted( int $id, WP_Post $post ): void {
		self::tell( 'post.deleted', $post );
	}

	/**
	 * Queues an event of an article's post.
	 *
	 * @param string  $type Such as post.edited.
	 * @param WP_Post $post The post.
	 */
	private static function tell( string $type, WP_Post $post ): void {
		if ( 'post' !== $post->post_type || self::is_services_own() ) {
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
	 * Whether the service itself is asking: as the user who paired, by an application password.
	 */
	private static function is_services_own(): bool {
		$pairing = Pairing::get();
		return null === $pairing
			|| ( null !== rest_get_authenticated_app_password() && get_current_user_id() === $pairing['user_id'] );
	}
}
