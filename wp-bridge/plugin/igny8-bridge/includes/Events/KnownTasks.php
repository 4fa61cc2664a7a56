<?php
/**
 * Local copy of the igny8 tasks of this site.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\PlainText;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Tables;
use WP_Post;

/**
 * Stores the last reported state of each task, for the list of posts and for when igny8 is unreachable.
 */
final class KnownTasks {

	const TEXTS = array( 'key', 'title', 'status', 'wp_status', 'post_url', 'error' );

	/**
	 * Stores a task, unless a newer report is stored already.
	 *
	 * @param array $task        Data of a task webhook.
	 * @param int   $reported_at Timestamp of the webhook, in milliseconds since the Unix epoch.
	 */
	public static function store( array $task, int $reported_at ): void {
		global $wpdb;
		$table  = Tables::name( 'igny8_tasks' );
		$fields = array( 'task_id' => $task['task_id'] );
		foreach ( self::TEXTS as $field ) {
			$fields[ $field ] = is_string( $task[ $field ] ?? null ) ? PlainText::single_line( $task[ $field ] ) : '';
		}
		$post_id = is_int( $task['post_id'] ?? null ) ? $task['post_id'] : 0;
		// phpcs:disable WordPress.DB -- a table of this plugin.
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $table (task_id, reported_at, task) VALUES (%d, 0, '')", $task['task_id'] ) );
		$wpdb->query(
			$wpdb->prepare(
				"UPDATE $table SET post_id = %d, reported_at = %d, task = %s WHERE task_id = %d AND reported_at <= %d",
				$post_id,
				$reported_at,
				wp_json_encode( $fields ),
				$task['task_id'],
				$reported_at
			)
		);
		// phpcs:enable
		if ( $post_id > 0 && self::is_of( $fields, $post_id ) ) {
			ClaimedPost::store_key( $post_id );
		}
	}

	/**
	 * Whether a post belongs to the task. The ID alone may belong to another post.
	 *
	 * @param array $task    A stored task.
	 * @param int   $post_id The post ID.
	 */
	private static function is_of( array $task, int $post_id ): bool {
		$post = get_post( $post_id );
		return $post instanceof WP_Post && '' !== $task['key'] && ClaimedPost::key_of( $post ) === $task['key'];
	}

	/**
	 * Returns the most recently reported tasks, the newest first.
	 *
	 * @return array<int,array<string,mixed>>
	 */
	public static function latest(): array {
		global $wpdb;
		$table = Tables::name( 'igny8_tasks' );
		$tasks = $wpdb->get_col( "SELECT task FROM $table ORDER BY reported_at DESC LIMIT 100" ); // phpcs:ignore WordPress.DB
		return array_filter( array_map( array( self::class, 'decode' ), $tasks ) );
	}

	/**
	 * Returns the tasks of the given posts, by post ID.
	 *
	 * @param int[] $post_ids The post IDs.
	 * @return array<int,array<string,mixed>>
	 */
	public static function of_posts( array $post_ids ): array {
		global $wpdb;
		$table = Tables::name( 'igny8_tasks' );
		$ids   = implode( ',', array_map( 'intval', $post_ids ) );
		$rows  = $wpdb->get_results( "SELECT post_id, task FROM $table WHERE post_id IN ($ids)" ); // phpcs:ignore WordPress.DB
		$tasks = array_filter( array_map( array( self::class, 'decode' ), wp_list_pluck( $rows, 'task', 'post_id' ) ) );
		return array_filter( $tasks, array( self::class, 'is_of' ), ARRAY_FILTER_USE_BOTH );
	}

	/**
	 * Decodes a stored task.
	 *
	 * @param string $json The stored JSON.
	 */
	private static function decode( string $json ): ?array {
		$task = json_decode( $json, true );
		return is_array( $task ) ? $task : null;
	}
}
