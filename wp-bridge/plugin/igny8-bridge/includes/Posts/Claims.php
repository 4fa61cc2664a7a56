<?php
/**
 * Which post belongs to which article of the service.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\Tables;

/**
 * One row an article, under a unique key. Its post id changes by compare-and-set alone, so that an
 * article has one post however many requests run at once and wherever one of them ends.
 */
final class Claims {

	/** For so long a request may work on a post alone, in seconds. It only spares others the work. */
	const LEASE = 60;

	/**
	 * Takes the article for this request.
	 *
	 * @param string $key    The article's key.
	 * @param string $holder Names this request.
	 * @return bool false when another request works on it
	 */
	public static function take( string $key, string $holder ): bool {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		// phpcs:disable WordPress.DB -- a table of our own, whose state must be the present one.
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
	 * Gives it back, unless another request has taken it over.
	 *
	 * @param string $key    The article's key.
	 * @param string $holder As it was taken.
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
	 * The id of the article's post, or 0.
	 *
	 * @param string $key The article's key.
	 */
	public static function post_id( string $key ): int {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		return (int) $wpdb->get_var( $wpdb->prepare( "SELECT post_id FROM $table WHERE claim_key = %s", $key ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * The key of the article that a post is of, or null.
	 *
	 * @param int $post_id The post.
	 */
	public static function key_of( int $post_id ): ?string {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		return $wpdb->get_var( $wpdb->prepare( "SELECT claim_key FROM $table WHERE post_id = %d", $post_id ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Gives the article another post, provided that nobody else did.
	 *
	 * @param string $key  The article's key.
	 * @param int    $from The post id that was read.
	 * @param int    $to   The new one.
	 */
	public static function move( string $key, int $from, int $to ): bool {
		global $wpdb;
		$table = Tables::name( 'igny8_posts' );
		return 1 === $wpdb->query( $wpdb->prepare( "UPDATE $table SET post_id = %d WHERE claim_key = %s AND post_id = %d", $to, $key, $from ) ); // phpcs:ignore WordPress.DB
	}
}
