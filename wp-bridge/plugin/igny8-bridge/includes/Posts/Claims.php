<?php
/**
 * Claims of articles on posts.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\Tables;

/**
 * Maps each igny8 article to one post. The table has one row per article key, and the post ID in it only
 * changes by compare-and-set. So an article has one post, even if requests run concurrently or crash.
 */
final class Claims {

	/** How long a request holds an article, in seconds. Saves work only; correctness does not depend on it. */
	const LEASE = 60;

	/**
	 * Acquires the article for this request.
	 *
	 * @param string $key    The article's key.
	 * @param string $holder Identifies this request.
	 * @return bool False if another request holds it.
	 */
	public static function acquire( string $key, string $holder ): bool {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		// phpcs:disable WordPress.DB -- a table of this plugin; a cached row could be stale.
		$wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO $table (claim_key, holder) VALUES (%s, '')", $key ) );
		return 1 === $wpdb->query(
			$wpdb->prepare(
				"UPDATE $table SET holder = %s, held_until = %d WHERE claim_key = %s AND (holder = '' OR held_until < %d)",
				$holder,
				time() + self::LEASE,
				$key,
				time()
			)
		);
		// phpcs:enable
	}

	/**
	 * Releases the article, unless another request has acquired it meanwhile.
	 *
	 * @param string $key    The article's key.
	 * @param string $holder The holder that acquired it.
	 */
	public static function release( string $key, string $holder ): void {
		global $wpdb;
		$wpdb->update( // phpcs:ignore WordPress.DB.DirectDatabaseQuery
			Tables::name( 'igny8_posts' ),
			array(
				'holder'     => '',
				'held_until' => 0,
			),
			array(
				'claim_key' => $key,
				'holder'    => $holder,
			)
		);
	}

	/**
	 * Returns the ID of the article's post, or 0.
	 *
	 * @param string $key The article's key.
	 */
	public static function post_id( string $key ): int {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		return (int) $wpdb->get_var( $wpdb->prepare( "SELECT post_id FROM $table WHERE claim_key = %s", $key ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Returns the key of the article that claims a post, or null.
	 *
	 * @param int $post_id The post ID.
	 */
	public static function key_of( int $post_id ): ?string {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		return $wpdb->get_var( $wpdb->prepare( "SELECT claim_key FROM $table WHERE post_id = %d", $post_id ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Assigns another post to the article. Fails if another request has changed the post meanwhile.
	 *
	 * @param string $key  The article's key.
	 * @param int    $from The post ID read before, or 0.
	 * @param int    $to   The new post ID.
	 */
	public static function set_post_id( string $key, int $from, int $to ): bool {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		return 1 === $wpdb->query( $wpdb->prepare( "UPDATE $table SET post_id = %d WHERE claim_key = %s AND post_id = %d", $to, $key, $from ) ); // phpcs:ignore WordPress.DB
	}
}
