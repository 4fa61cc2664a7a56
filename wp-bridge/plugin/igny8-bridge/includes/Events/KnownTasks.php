<?php
/**
 * What the service told of its tasks.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Events;

use Igny8\Bridge\PlainText;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Tables;
use WP_Post;

/**
 * The tasks of this site as the service told of them last, for when it cannot be asked.
 */
final class KnownTasks {

	const TEXTS = array( 'key', 'title', 'status', 'wp_status', 'post_url', 'error' );

	/**
	 * Keeps a task, unless something newer is known of it.
	 *
	 * @param array $task    With `task_id`.
	 * @param int   $told_at When it was so, in milliseconds since 1970.
	 */
	public static function store( array $task, int $told_at ): void {
		global $wpdb;
		$table = Tables::name( 'igny8_tasks' );
		$kept  = array( 'task_id' => $task['task_id'] );
		foreach ( self::TEXTS as $field ) {
			$kept[ $field ] = is_string( $task[ $field ] ?? null ) ? PlainText::line( $task[ $field ] ) : '';
		}
		$post_id = is_int( $task['post_id'] ?? null ) ? $task['post_id'] : 0;
		// phpcs:disable WordPress.DB -- a table of our own.
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $table (task_id, told_at, task) VALUES (%d, 0, '')", $task['task_id'] ) );
		$wpdb->query(
			$wpdb->prepare(
				"UPDATE $table SET post_id = %d, told_at = %d, task = %s WHERE task_id = %d AND told_at <= %d",
				$post_id,
				$told_at,
				wp_json_encode( $kept ),
				$task['task_id'],
				$told_at
			)
		);
		// phpcs:enable
		if ( $post_id > 0 && self::is_of( $kept, $post_id ) ) {
			ClaimedPost::keep_key( $post_id );
		}
	}

	/**
	 * Whether a post is the task's: its id alone may be that of another post.
	 *
	 * @param array $task    As it is kept.
	 * @param int   $post_id The post.
	 */
	private static function is_of( array $task, int $post_id ): bool {
		$post = get_post( $post_id );
		return $post instanceof WP_Post && '' !== $task['key'] && ClaimedPost::key_of( $post ) === $task['key'];
	}

	/**
	 * The tasks that were told of last, the newest first.
	 *
	 * @return array<int,array<string,mixed>>
	 */
	public static function latest(): array {
		global $wpdb;
		$table = Tables::name( 'igny8_tasks' );
		$tasks = $wpdb->get_col( "SELECT task FROM $table ORDER BY told_at DESC LIMIT 100" ); // phpcs:ignore WordPress.DB
		return array_filter( array_map( array( self::class, 'decode' ), $tasks ) );
	}

	/**
	 * The tasks whose posts these are, by post.
	 *
	 * @param int[] $post_ids The posts.
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
	 * A task as it is kept.
	 *
	 * @param string $json The column.
	 */
	private static function decode( string $json ): ?array {
		$task = json_decode( $json, true );
		return is_array( $task ) ? $task : null;
	}
}
